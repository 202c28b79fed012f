import Cgroups
import KubeModel
import TestSupport
import Testing

@testable import Kubelet

@Suite("Cgroups above containers") struct PodCgroupResourcesTests {
  var node = TestNode.facts

  func pod(_ requests: [String: Quantity] = [:], limits: [String: Quantity]? = nil) -> Pod {
    var container = Container.test("app")
    container.resources = ResourceRequirements(limits: limits, requests: requests)
    return .test([container])
  }

  @Test("a guaranteed pod outweighs all that ask for nothing, and the burstable class weighs what its pods ask for") func classes()
  {
    let guaranteed = pod(["cpu": 1, "memory": 1], limits: ["cpu": 1, "memory": 1])
    #expect(PodCgroupResources.of(guaranteed, node: node).cpuWeight == 39)
    #expect(PodCgroupResources.bestEffort.cpuWeight == 1)
    #expect(PodCgroupResources.burstable(milliCPU: 0).cpuWeight == 1)
    #expect(PodCgroupResources.burstable(milliCPU: 1000).cpuWeight == 39)
    #expect(PodCgroupResources.burstable(milliCPU: Int128(Int.max) * 2).cpuWeight == 10_000)
  }

  @Test(
    "cpuCFSQuota and cpuCFSQuotaPeriod hold for pods as for containers",
    arguments: [(true, 100_000), (true, 20_000), (false, 100_000)])
  func quota(isEnforced: Bool, period: Int64) {
    var node = node
    node.enforcesCPUQuota = isEnforced
    node.cpuQuotaPeriod = period
    let resources = PodCgroupResources.of(pod(limits: ["cpu": 2]), node: node)
    #expect(resources.cpuQuota == (isEnforced ? period * 2 : nil))
    #expect(resources.cpuPeriod == (isEnforced ? UInt64(period) : nil))
  }

  @Test("limits of the pod as a whole and podPidsLimit reach its cgroup") func podLevel() {
    var pod = pod()
    pod.spec.resources = ResourceRequirements(limits: ["cpu": 1, "memory": Quantity("64Mi")!])
    pod.applyDefaults()
    var node = node
    node.podPidsLimit = 500
    let resources = PodCgroupResources.of(pod, node: node)
    #expect(resources.cpuQuota == 100_000 && resources.memoryLimit == 64 << 20 && resources.pidsLimit == 500)
    #expect(pod.qosClass == .guaranteed && resources.cpuWeight == 39)
    #expect(PodCgroups.path(of: pod, root: "/kubepods") == "/kubepods/podu1")
  }

  @Test("a pod has the huge pages it asks for, and none of the sizes it does not ask for") func hugePages() throws {
    var node = node
    node.hugePageSizes = ["2MB", "1GB"]
    let amounts: [String: Quantity] = ["hugepages-2Mi": Quantity("64Mi")!, "memory": 1, "cpu": 1]
    let asking = PodCgroupResources.of(pod(amounts, limits: amounts), node: node).hugepageLimits
    #expect(asking == [.init(pageSize: "2MB", limit: 64 << 20), .init(pageSize: "1GB", limit: 0)])
    let silent = PodCgroupResources.of(pod(), node: node).hugepageLimits
    #expect(silent == [.init(pageSize: "2MB", limit: 0), .init(pageSize: "1GB", limit: 0)])
    try ScratchDirectory.with { scratch in
      for name in ["hugepages-1048576kB", "hugepages-2048kB", "hugepages-64kB", "other"] { try scratch.makeDirectory(name) }
      #expect(HostCapacity.hugePageSizes(in: scratch.path) == ["64KB", "2MB", "1GB"])
    }
    #expect(HostCapacity.hugePageSizes(in: "/nothing/there") == [])
  }

  @Test("any amount can be written", arguments: ["9223372036854775807", "100Gi"]) func large(amount: String) {
    let resources = PodCgroupResources.of(
      pod(["cpu": 1], limits: ["cpu": Quantity(amount)!, "memory": Quantity(amount)!]), node: node)
    #expect(resources.cpuQuota == (1 << 44) - 1)
  }

  @Test("all pods together leave what is reserved") func reserved() {
    var configuration = KubeletConfiguration()
    configuration.systemReserved = ["cpu": "500m", "memory": "1Gi"]
    configuration.kubeReserved = ["cpu": "500m", "memory": "1Gi", "pid": "100"]
    configuration.evictionHard = ["memory.available": "10%"]
    let plan = NodePlan(milliCPU: 4000, memory: 10 << 30, pids: 30_000, configuration: configuration)
    #expect(plan.allocatable == ["cpu": 3, "memory": Quantity(7 << 30), "pid": 29_900])
    let resources = PodCgroupResources.allPods(plan, available: [.memory, .pids])
    #expect(resources.memoryLimit == 8 << 30 && resources.pidsLimit == 29_900 && resources.cpuWeight == 118)
    let nothing = PodCgroupResources.allPods(plan, available: [])
    #expect(nothing.memoryLimit == nil && nothing.pidsLimit == nil)
  }

  @Test("pods never get the node's last processes", arguments: [(32_768, 29_492), (4000, 3000), (500, 0)])
  func pids(limit: Int64, expected: Int) {
    let plan = NodePlan(milliCPU: 1000, memory: 1 << 30, pids: limit, configuration: KubeletConfiguration())
    #expect(plan.enforced["pid"]?.value == expected)
  }

  @Test("a limit of the pod as a whole, or on its processes, needs its controller") func controllers() {
    var node = node
    node.controllers = ["hugetlb"]
    var pod = pod()
    pod.spec.resources = ResourceRequirements(limits: ["cpu": 1])
    #expect(Admission.check(pod, others: [], node: node, maxPods: 10)?.message.hasPrefix("the pod has a cpu limit, but") == true)
    node.podPidsLimit = 10
    #expect(Admission.check(self.pod(), others: [], node: node, maxPods: 10)?.message.hasPrefix("podPidsLimit is 10, but") == true)
  }
}
