import Testing

@testable import Cgroups

@Suite("The cgroup v2 root") struct CgroupRootTests {
  static let hybrid = """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
    90 31 0:38 / /mnt/other rw,relatime - cgroup2 cgroup2 rw
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw
    """

  @Test(
    "is found in mountinfo, in its usual place first",
    arguments: [
      (hybrid, "/sys/fs/cgroup/unified"),
      ("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate", "/sys/fs/cgroup"),
      ("30 23 0:26 /../.. /mnt/with\\040space rw - cgroup2 none rw", "/mnt/with space"),
      ("30 23 0:26 / /sys/fs/cgroup rw - tmpfs cgroup2 rw", nil),
      ("", nil),
    ])
  func mountPoint(mountInfo: String, expected: String?) {
    #expect(CgroupRoot.mountPoint(mountInfo: mountInfo) == expected)
  }

  @Test("Controllers in a v1 hierarchy are read from /proc/cgroups; blkio is v2's io")
  func boundToV1() {
    let text = """
      #subsys_name\thierarchy\tnum_cgroups\tenabled
      cpuset\t3\t1\t1
      cpuacct\t2\t1\t1
      blkio\t7\t1\t1
      memory\t4\t16\t1
      hugetlb\t0\t1\t1
      """
    #expect(Controller.boundToV1(text) == [.cpuset, .io, .memory])
  }

  @Test("Unknown controllers of newer kernels are left out")
  func controllers() { #expect(Controller.list("cpuset cpu dmem misc\n") == [.cpuset, .cpu, .misc]) }

  private static let limits: [(CgroupResources, [Controller])] = [
    (CgroupResources(cpuShares: 1024), []),
    (CgroupResources(cpuShares: 2, cpuQuota: 50000, cpuPeriod: 100000), [.cpu]),
    (CgroupResources(cpuQuota: -1, cpuPeriod: 100000), []),
    (CgroupResources(memoryLimit: 1 << 20, memorySwap: 1 << 20, pidsLimit: 10), [.memory, .pids]),
    (CgroupResources(memoryLimit: -1, memorySwap: -1, pidsLimit: 0), []),
    (CgroupResources(cpusetCPUs: "0"), [.cpuset]),
    (CgroupResources(cpusetCPUs: ""), []),
    (CgroupResources(hugepageLimits: [.init(pageSize: "2MB", limit: 0)]), []),
    (CgroupResources(hugepageLimits: [.init(pageSize: "2MB", limit: 1 << 21)]), [.hugetlb]),
    (CgroupResources(ioThrottles: [IOThrottle(major: 8, minor: 0, kind: .readBytes, rate: 1)]), [.io]),
    (CgroupResources(unified: ["memory.oom.group": "1", "io.weight": "50", "pids.max": "max", "cgroup.freeze": "0"]), []),
    (CgroupResources(unified: ["memory.high": "1", "misc.max": "sev 1"]), [.memory, .misc]),
  ]

  @Test(
    "Limits miss their controller, weights do not",
    arguments: limits)
  func missing(resources: CgroupResources, expected: [Controller]) {
    #expect(CgroupRoot(mountPoint: "/none", controllers: []).missing(for: resources) == expected)
    #expect(CgroupRoot(mountPoint: "/none", controllers: Set(Controller.allCases)).missing(for: resources) == [])
  }

  @Test(
    "Paths are below the mount, however their slashes are",
    arguments: [("/a/b", "/a/b"), ("a//b/", "/a/b"), ("/./a", "/a"), ("/", "/")])
  func paths(path: String, expected: String) {
    let cgroup = CgroupRoot(mountPoint: "/sys/fs/cgroup", controllers: []).cgroup(path)
    #expect(cgroup.path == expected)
    #expect(cgroup.directory == (expected == "/" ? "/sys/fs/cgroup" : "/sys/fs/cgroup" + expected))
  }

  @Test("A path with .. is refused by every operation")
  func escapes() {
    let cgroup = CgroupRoot(mountPoint: "/sys/fs/cgroup", controllers: []).cgroup("/a/../../b")
    let operations: [() throws -> Void] = [
      { try cgroup.create() }, { _ = try cgroup.open() }, { try cgroup.kill() }, { try cgroup.remove() },
      { try cgroup.killAndWait() },
      { try cgroup.apply(CgroupResources(), available: []) }, { _ = try cgroup.processes(recursive: false) },
      { _ = try cgroup.isPopulated },
    ]
    for operation in operations {
      #expect { try operation() } throws: { ($0 as? CgroupError)?.code == .invalidArgument }
    }
    #expect(cgroup.stats() == CgroupStats())
  }
}
