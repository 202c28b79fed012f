import KubeModel
import RuntimeAPI
import TestSupport
import Testing

@testable import Kubelet

@Suite("Swap of containers") struct SwapLimitTests {
  private func limit(
    _ requests: [String: Quantity], _ limits: [String: Quantity] = [:], _ change: (inout Pod, inout NodeFacts) -> Void = { _, _ in }
  )
    -> Int64
  {
    var container = Container.test("app")
    container.resources = ResourceRequirements(limits: limits, requests: requests)
    var (pod, node) = (Pod.test([container]), TestNode.facts)
    (node.memoryCapacity, node.swapCapacity, node.limitsSwap) = (8 << 30, 2 << 30, true)
    change(&pod, &node)
    return ContainerResources.swapLimit(pod.spec.containers[0], in: pod, node: node)
  }

  @Test("a burstable container has the part of the swap that it asks for of the memory")
  func limited() {
    #expect(limit(["memory": Quantity("1Gi")!]) == 256 << 20)
    #expect(limit(["memory": Quantity("1Gi")!], ["memory": Quantity("2Gi")!]) == 256 << 20)
  }

  @Test("guaranteed, best-effort and critical pods have none, nor does anybody with NoSwap")
  func none() {
    let one: [String: Quantity] = ["memory": Quantity("1Gi")!]
    let both = one.merging(["cpu": 1]) { first, _ in first }
    #expect(limit(both, both) == 0)
    #expect(limit([:]) == 0)
    #expect(limit(["cpu": 1]) == 0)
    #expect(limit(one, one) == 0)
    #expect(limit(one) { pod, _ in pod.spec.priorityClassName = "system-cluster-critical" } == 0)
    #expect(limit(one) { _, node in node.limitsSwap = false } == 0)
    #expect(limit(one) { _, node in node.swapCapacity = 0 } == 0)
  }

  @Test("it is a file of the cgroup, where there is a memory controller")
  func file() {
    let pod = Pod.test([Container.test("app")])
    var node = TestNode.facts
    #expect(ContainerResources.linux(pod.spec.containers[0], in: pod, node: node).unified["memory.swap.max"] == "0")
    node.controllers = ["cpu"]
    #expect(ContainerResources.linux(pod.spec.containers[0], in: pod, node: node).unified["memory.swap.max"] == nil)
  }
}
