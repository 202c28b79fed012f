import Testing

@testable import KubeModel

@Suite("Values of the configuration file") struct KubeletConfigurationValidationTests {
  @Test(
    "a value that makes no sense stops the agent, with its place",
    arguments: [
      ("crashLoopBackOff: {maxContainerRestartPeriod: 500ms}", "crashLoopBackOff.maxContainerRestartPeriod"),
      ("crashLoopBackOff: {maxContainerRestartPeriod: 0s}", "crashLoopBackOff.maxContainerRestartPeriod"),
      ("healthzPort: 70000", "healthzPort"), ("readOnlyPort: -1", "readOnlyPort"), ("maxPods: -1", "maxPods"),
      ("podPidsLimit: 0", "podPidsLimit"),
      ("cpuCFSQuotaPeriod: 5s", "cpuCFSQuotaPeriod"), ("clusterDNS: [dns]", "clusterDNS[0]"),
      ("allowedUnsafeSysctls: ['*']", "allowedUnsafeSysctls[0]"),
      ("systemReserved: {memory: lots}", "systemReserved.memory"), ("kubeReserved: {gpu: '1'}", "kubeReserved.gpu"),
      ("evictionHard: {memory.available: 200%}", "evictionHard.memory.available"),
    ])
  func invalid(field: String, path: String) {
    let text = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\(field)\n"
    let errors = #expect(throws: ConfigurationErrors.self) { try KubeletConfiguration.decode(Array(text.utf8), file: "f") }
    #expect(errors?.errors.map(\.path) == [path])
    #expect(errors?.errors.first?.line == 3)
  }
}
