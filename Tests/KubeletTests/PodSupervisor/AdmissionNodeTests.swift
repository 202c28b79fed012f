import KubeModel
import TestSupport
import Testing

@testable import Kubelet

@Suite("Pods that this node cannot run") struct AdmissionNodeTests {
  func reason(_ change: (inout Pod) -> Void, node: NodeFacts = TestNode.facts) -> String? {
    var pod = Pod.test()
    change(&pod)
    return Admission.check(pod, others: [], node: node, maxPods: 10)?.reason
  }

  func affinity(_ key: String, _ operation: String, _ values: [String]?) -> Affinity {
    let term = NodeSelectorTerm(matchExpressions: [NodeSelectorRequirement(key: key, operator: operation, values: values)])
    return Affinity(
      nodeAffinity: NodeAffinity(requiredDuringSchedulingIgnoredDuringExecution: NodeSelector(nodeSelectorTerms: [term])))
  }

  @Test("an operating system or label of another node refuses a pod") func selection() {
    #expect(reason { $0.spec.os = PodOS(name: "windows") } == "PodOSNotSupported")
    #expect(reason { $0.spec.os = PodOS(name: "linux") } == nil)
    #expect(reason { $0.metadata.labels = ["kubernetes.io/os": "windows"] } == "PodOSSelectorNodeLabelDoesNotMatch")
    #expect(reason { $0.spec.nodeSelector = ["disktype": "ssd"] } == "NodeAffinity")
    #expect(reason { $0.spec.nodeSelector = ["kubernetes.io/os": "linux", "kubernetes.io/hostname": "node1"] } == nil)
  }

  @Test(
    "required affinity is checked as a scheduler does",
    arguments: [
      ("kubernetes.io/os", "In", ["linux", "x"] as [String]?, true), ("kubernetes.io/os", "NotIn", ["linux"], false),
      ("zone", "In", ["antarctica"], false), ("zone", "NotIn", ["antarctica"], true), ("zone", "Exists", nil, false),
      ("zone", "DoesNotExist", nil, true), ("kubernetes.io/os", "Exists", nil, true),
      ("kubernetes.io/hostname", "Gt", ["1"], false),
    ])
  func expressions(key: String, operation: String, values: [String]?, isAccepted: Bool) {
    #expect(reason { $0.spec.affinity = affinity(key, operation, values) } == (isAccepted ? nil : "NodeAffinity"))
  }

  @Test(
    "sysctls are safe ones, or those that the node allows",
    arguments: [
      ("net.ipv4.tcp_syncookies", [], nil), ("net/ipv4/tcp_syncookies", [], nil), ("vm.stat_interval", [], "SysctlForbidden"),
      ("kernel.msgmax", [], "SysctlForbidden"), ("kernel.msgmax", ["kernel.msg*"], nil),
      ("net.core.somaxconn", ["net.core.somaxconn"], nil),
      ("kernel/core_pattern", ["net.*"], "SysctlForbidden"),
    ] as [(String, [String], String?)])
  func sysctls(name: String, allowed: [String], expected: String?) {
    var node = TestNode.facts
    node.allowedUnsafeSysctls = allowed
    #expect(
      reason({ $0.spec.securityContext = PodSecurityContext(sysctls: [Sysctl(name: name, value: "1")]) }, node: node) == expected)
  }

  @Test("what is not implemented refuses the pod, with its path and type") func unsupported() {
    var pod = Pod.test()
    pod.spec.volumes = [KubeModel.Volume(name: "v", nfs: NFSVolumeSource(path: "/x", server: "s"))]
    let refusal = Admission.check(pod, others: [], node: TestNode.facts, maxPods: 10)
    #expect(refusal?.reason == "UnsupportedField")
    #expect(refusal?.message == "spec.volumes[0].nfs: volumes of type nfs are not supported; the pod cannot start")
    #expect(reason { $0.spec.hostUsers = false } == nil)
    #expect(reason { $0.spec.runtimeClassName = "gvisor" } == "UnsupportedField")
  }

  @Test(
    "a profile needs AppArmor",
    arguments: [
      ("Unconfined", false, nil), ("RuntimeDefault", false, "AppArmor"), ("Localhost", false, "AppArmor"),
      ("RuntimeDefault", true, nil),
    ] as [(String, Bool, String?)])
  func appArmor(type: String, isEnabled: Bool, expected: String?) {
    var node = TestNode.facts
    node.hasAppArmor = isEnabled
    #expect(
      reason({ $0.spec.containers[0].securityContext = SecurityContext(appArmorProfile: AppArmorProfile(type: type)) }, node: node)
        == expected)
  }
}
