import Cgroups
import OCISpec
import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Resources of a container") struct ResourceMappingTests {
  private let all = LinuxResources(
    cpuPeriod: 100_000, cpuQuota: 50_000, cpuShares: 512, memoryLimit: 1 << 20, memorySwapLimit: 2 << 20, oomScoreAdjust: 100,
    cpusetCPUs: "0-1", cpusetMemoryNodes: "0", hugepageLimits: [HugepageLimit(pageSize: "2MB", limit: 4096)],
    unified: ["memory.high": "1", "io.weight": "2"])

  @Test("an update changes what it says, and leaves the rest as it was") func merge() {
    #expect(PodRuntime.merge(all, LinuxResources()) == all)
    #expect(PodRuntime.merge(LinuxResources(), all) == all)
    var expected = all
    expected.cpuQuota = -1
    expected.oomScoreAdjust = -5
    expected.cpusetCPUs = "3"
    expected.hugepageLimits = [HugepageLimit(pageSize: "1GB", limit: 0)]
    expected.unified = ["memory.high": "max", "io.weight": "2", "pids.max": "3"]
    let change = LinuxResources(
      cpuQuota: -1, oomScoreAdjust: -5, cpusetCPUs: "3", hugepageLimits: [HugepageLimit(pageSize: "1GB", limit: 0)],
      unified: ["memory.high": "max", "pids.max": "3"])
    #expect(PodRuntime.merge(all, change) == expected)
  }

  @Test("become those of its cgroup by way of the spec") func cgroup() {
    let resources = CgroupResources(SpecBuilder.resources(all))
    #expect(resources.cpuShares == 512 && resources.cpuQuota == 50_000 && resources.cpuPeriod == 100_000)
    #expect(resources.cpusetCPUs == "0-1" && resources.cpusetMems == "0")
    #expect(resources.memoryLimit == 1 << 20 && resources.memorySwap == 2 << 20)
    #expect(resources.hugepageLimits == [CgroupResources.HugepageLimit(pageSize: "2MB", limit: 4096)])
    #expect(resources.unified == ["memory.high": "1", "io.weight": "2"])
  }

  @Test("what is not set is not written; a memory limit alone leaves no swap") func unset() {
    #expect(CgroupResources(SpecBuilder.resources(nil)) == CgroupResources())
    #expect(CgroupResources(SpecBuilder.resources(LinuxResources())) == CgroupResources())
    #expect(CgroupResources(SpecBuilder.resources(LinuxResources(memoryLimit: 4096))).memorySwap == 4096)
  }

  @Test("device rules keep their order and their wildcards") func devices() {
    var spec = ResourcesSpec()
    spec.devices = [
      ResourcesSpec.DeviceRule(allow: false, access: "rwm"),
      ResourcesSpec.DeviceRule(allow: true, type: "c", major: 1, access: "r"), ResourcesSpec.DeviceRule(allow: true),
    ]
    #expect(
      CgroupResources(spec).deviceRules == [
        DeviceRule(allow: false, type: "a", major: nil, minor: nil, access: "rwm"),
        DeviceRule(allow: true, type: "c", major: 1, minor: nil, access: "r"),
        DeviceRule(allow: true, type: "a", major: nil, minor: nil, access: "rwm"),
      ])
  }

  @Test("a score the kernel does not have is refused", arguments: [-1001, 1001, .max, .min] as [Int64])
  func score(_ score: Int64) {
    #expect(throws: RuntimeError.self) { try RequestBounds.check(LinuxResources(oomScoreAdjust: score)) }
    var config = ContainerConfig(metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "i"))
    config.resources = LinuxResources(oomScoreAdjust: score)
    #expect(throws: RuntimeError.self) { try RequestBounds.check(config) }
  }
}
