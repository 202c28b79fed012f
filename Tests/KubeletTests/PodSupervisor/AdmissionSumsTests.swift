import KubeModel
import Testing

@testable import Kubelet

@Suite("Sums at admission") struct AdmissionSumsTests {
  let node = NodeFacts(name: "node1", memoryCapacity: 1 << 30, milliCPUCapacity: 1000)

  func pod(_ uid: String, _ amounts: [String]) -> Pod {
    .test(
      uid: uid, name: uid,
      amounts.enumerated().map { index, amount in
        var container = Container.test("c\(index)")
        container.resources = ResourceRequirements(requests: ["memory": Quantity(amount)!, "cpu": Quantity(amount)!])
        return container
      })
  }

  @Test(
    "no amount is too large to be added up",
    arguments: [["9223372036854775807", "9223372036854775807"], ["8Ei", "1e30"], ["5Ei", "5Ei"]])
  func overflow(amounts: [String]) {
    #expect(Admission.check(pod("a", amounts), others: [pod("b", amounts)], node: node, maxPods: 10)?.reason == "OutOfcpu")
    #expect(EmptyDirVolume.size(limit: nil, in: pod("a", amounts), node: node) == 1 << 30)
  }

  @Test("a field of a resource has any amount", arguments: ["9223372036854775807", "8Ei"]) func field(amount: String) throws {
    let pod = pod("a", [amount])
    let selector = ResourceFieldSelector(resource: "requests.memory", divisor: Quantity("1Mi"))
    #expect(try Environment.resource(selector, pod.spec.containers[0], in: pod, node: node) == "8796093022208")
  }

  @Test("what a pod asks for as a whole counts, not the sum of its containers") func podLevel() {
    var pod = pod("a", ["1m"])
    pod.spec.resources = ResourceRequirements(requests: ["cpu": 4])
    let refusal = Admission.check(pod, others: [], node: node, maxPods: 10)
    #expect(refusal?.message == "Node didn't have enough resource: cpu, requested: 4000, used: 0, capacity: 1000")
  }
}
