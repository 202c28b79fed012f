import Testing

@testable import Cgroups

@Suite("OCI resources become kernel files") struct SettingTests {
  private static let written: [(CgroupResources, [String])] = [
    (CgroupResources(), []),
    (CgroupResources(cpuShares: 1024), ["cpu.weight=100"]),
    (CgroupResources(cpuShares: 1024, cpuWeight: 39), ["cpu.weight=39"]),
    (CgroupResources(cpuShares: 0), []),
    (CgroupResources(cpuShares: 1024, cpuIdle: 1), ["cpu.idle=1"]),
    (CgroupResources(cpuQuota: 50000, cpuPeriod: 200000), ["cpu.max=50000 200000"]),
    (CgroupResources(cpuQuota: 50000), ["cpu.max=50000 100000"]),
    (CgroupResources(cpuQuota: -1), ["cpu.max=max 100000"]),
    (CgroupResources(cpuPeriod: 250000), ["cpu.max=max 250000"]),
    (CgroupResources(cpuQuota: 50000, cpuBurst: 10), ["cpu.max.burst=0", "cpu.max=50000 100000", "cpu.max.burst=10"]),
    (CgroupResources(cpusetCPUs: "0-1", cpusetMems: "0"), ["cpuset.cpus=0-1", "cpuset.mems=0"]),
    (CgroupResources(memoryLimit: 1 << 20), ["memory.max=1048576"]),
    (CgroupResources(memoryLimit: -1), ["memory.max=max"]),
    (CgroupResources(memoryLimit: 0, memorySwap: 0), []),
    (CgroupResources(memoryLimit: 100, memorySwap: 100), ["memory.swap.max=0", "memory.max=100"]),
    (CgroupResources(memoryLimit: 100, memorySwap: 150), ["memory.swap.max=50", "memory.max=100"]),
    (CgroupResources(memoryLimit: 100, memorySwap: -1), ["memory.swap.max=max", "memory.max=100"]),
    (CgroupResources(memoryLimit: -1, memorySwap: 150), ["memory.swap.max=150", "memory.max=max"]),
    (CgroupResources(memoryReservation: 4096), ["memory.low=4096"]),
    (CgroupResources(pidsLimit: 100), ["pids.max=100"]),
    (CgroupResources(pidsLimit: 0), ["pids.max=max"]),
    (CgroupResources(pidsLimit: -1), ["pids.max=max"]),
    (
      CgroupResources(hugepageLimits: [.init(pageSize: "2MB", limit: 4 << 20)]),
      ["hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304"]
    ),
    (CgroupResources(ioWeight: 10), ["io.weight=default 1"]),
    (CgroupResources(ioWeight: 1000), ["io.weight=default 10000"]),
    (
      CgroupResources(ioThrottles: [
        IOThrottle(major: 8, minor: 16, kind: .writeOperations, rate: 5),
        IOThrottle(major: 8, minor: 0, kind: .readBytes, rate: 0),
      ]), ["io.max=8:16 wiops=5", "io.max=8:0 rbps=max"]
    ),
    (CgroupResources(unified: ["pids.max": "7", "memory.high": "max"]), ["memory.high=max", "pids.max=7"]),
  ]

  @Test(
    "with these names and values, in this order",
    arguments: written)
  func files(resources: CgroupResources, expected: [String]) throws {
    #expect(try resources.settings().map { "\($0.file)=\($0.value)" } == expected)
  }

  @Test(
    "or are refused when the kernel cannot express them",
    arguments: [
      CgroupResources(memorySwap: 100), CgroupResources(memoryLimit: 200, memorySwap: 100),
      CgroupResources(hugepageLimits: [.init(pageSize: "../x", limit: 1)]),
      CgroupResources(hugepageLimits: [.init(pageSize: "", limit: 1)]),
      CgroupResources(unified: ["../memory.max": "1"]), CgroupResources(unified: ["memory..max": "1"]),
      CgroupResources(unified: ["a/b.c": "1"]), CgroupResources(unified: ["memory": "1"]), CgroupResources(unified: ["": "1"]),
      CgroupResources(unified: ["nonsense.max": "1"]),
    ])
  func refused(resources: CgroupResources) {
    #expect { try resources.settings() } throws: { ($0 as? CgroupError)?.code == .invalidArgument }
  }

  @Test(
    "Shares become weights by the runtimes' curve",
    arguments: [
      // 1, 2, 3, 1024, 262143 and 262144 are the cases of opencontainers/cgroups' own test; the others are the formula, computed in
      // another language.
      (UInt64(1), UInt64(1)), (2, 1), (3, 2), (4, 2), (10, 4), (100, 17), (1024, 100), (2048, 174), (262143, 10000),
      (262144, 10000),
      (1_000_000, 10000),
    ])
  func weights(shares: UInt64, weight: UInt64) { #expect(CPUWeight.container(shares: shares) == weight) }

  @Test("The runtimes' curve never leaves 1...10000 and never falls")
  func monotonic() {
    var last: UInt64 = 1
    for shares in stride(from: UInt64(0), through: 300_000, by: 97) {
      let weight = CPUWeight.container(shares: shares)
      #expect((last...10000).contains(weight))
      last = weight
    }
  }
}
