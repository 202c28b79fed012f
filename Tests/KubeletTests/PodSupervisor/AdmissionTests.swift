import KubeModel
import Testing

@testable import Kubelet

@Suite("Admission") struct AdmissionTests {
  let node = NodeFacts(name: "node1", memoryCapacity: 1 << 30, milliCPUCapacity: 1000, controllers: ["hugetlb"])

  func pod(_ uid: String, port: Int32? = nil, limits: [String: Quantity]? = nil, requests: [String: Quantity]? = nil) -> Pod {
    var container = Container.test("app")
    container.ports = port.map { [ContainerPort(containerPort: 80, hostPort: $0)] }
    container.resources = ResourceRequirements(limits: limits, requests: requests)
    return .test(uid: uid, name: uid, [container])
  }

  @Test("a host port in use refuses a pod and names its owner")
  func ports() {
    let refusal = Admission.check(pod("a", port: 80), others: [pod("b", port: 80)], node: node, maxPods: 10)
    #expect(refusal?.reason == "NodePorts" && refusal?.message.contains("default/b") == true)
    #expect(Admission.check(pod("a", port: 81), others: [pod("b", port: 80)], node: node, maxPods: 10) == nil)
  }

  @Test("a limit without its controller refuses a pod; a request does not")
  func controllers() {
    let refusal = Admission.check(pod("a", limits: ["memory": Quantity("64Mi")!]), others: [], node: node, maxPods: 10)
    #expect(refusal?.message.contains("no memory controller") == true)
    #expect(Admission.check(pod("a", requests: ["memory": Quantity("64Mi")!]), others: [], node: node, maxPods: 10) == nil)
  }

  @Test("requests that do not fit, and one pod too many, are refused")
  func fit() {
    let big = pod("a", requests: ["cpu": Quantity("800m")!])
    #expect(
      Admission.check(big, others: [pod("b", requests: ["cpu": Quantity("300m")!])], node: node, maxPods: 10)?.reason == "OutOfcpu")
    #expect(Admission.check(pod("a"), others: [pod("b")], node: node, maxPods: 1)?.reason == "OutOfpods")
  }

  @Test("a refused pod is shown as failed and starts when the port is free", .timeLimit(.minutes(5)))
  func retried() async throws {
    try await TestNode.with([pod("a", port: 80)]) { node in
      await node.eventually("a runs") { node.container("app", uid: "a")?.ready == true }
      node.want([pod("a", port: 80), pod("b", port: 80)])
      await node.eventually("b refused") { node.pod("b")?.status.reason == "NodePorts" && node.pod("b")?.status.phase == "Failed" }
      node.want([pod("b", port: 80)])
      await node.eventually("b runs") { node.container("app", uid: "b")?.ready == true }
    }
  }
}
