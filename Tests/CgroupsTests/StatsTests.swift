import Testing

@testable import Cgroups

@Suite("Statistics of a cgroup") struct StatsTests {
  @Test("come from the kernel's files, with nil for max")
  func complete() throws {
    // Shape of Linux 6.18, shortened.
    let files = [
      "a/cpu.stat": "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 9\nnr_throttled 4\nthrottled_usec 70\n",
      "a/memory.current": "8192\n", "a/memory.max": "max\n", "a/memory.peak": "9000\n", "a/memory.swap.current": "10\n",
      "a/memory.swap.max": "20\n",
      "a/memory.stat": "anon 100\nfile 200\nkernel 300\ninactive_file 150\npgfault 12\npgmajfault 3\n",
      "a/memory.events": "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n", "a/pids.current": "6\n",
      "a/pids.max": "10\n",
      "a/io.pressure": """
      some avg10=1.50 avg60=0.25 avg300=0.10 total=1234
      full avg10=0.50 avg60=0.00 avg300=0.00 total=567

      """,
      "a/cpu.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=8\n",
    ]
    try TemporaryHierarchy.with([], files: files) { hierarchy in
      let stats = hierarchy.root.cgroup("/a").stats()
      #expect(
        stats.cpu
          == CgroupStats.CPU(
            usageMicroseconds: 5000, userMicroseconds: 3000, systemMicroseconds: 2000, periods: 9, throttledPeriods: 4,
            throttledMicroseconds: 70))
      #expect(
        stats.memory
          == CgroupStats.Memory(
            current: 8192, anonymous: 100, file: 200, inactiveFile: 150, kernel: 300, pageFaults: 12, majorPageFaults: 3, max: nil,
            swapCurrent: 10, swapMax: 20, peak: 9000))
      #expect(stats.pids == CgroupStats.Pids(current: 6, max: 10))
      #expect(stats.events == CgroupStats.MemoryEvents(oom: 3, oomKill: 4, oomGroupKill: 5, max: 2, high: 1))
      #expect(stats.io?.some == .init(average10: 1.5, average60: 0.25, average300: 0.1, totalMicroseconds: 1234))
      #expect(stats.io?.full.totalMicroseconds == 567)
      #expect(stats.cpuPressure?.some.totalMicroseconds == 8)
      #expect(stats.cpuPressure?.full.totalMicroseconds == 0)
      #expect(stats.memoryPressure == nil)
    }
  }

  @Test("of the processor exist without the cpu controller, those of memory do not")
  func withoutControllers() throws {
    try TemporaryHierarchy.with([], files: ["a/cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\n"]) { hierarchy in
      let stats = hierarchy.root.cgroup("/a").stats()
      #expect(stats.cpu?.usageMicroseconds == 5)
      #expect(stats.cpu?.periods == 0)
      #expect(stats.memory == nil)
      #expect(stats.pids == nil)
    }
  }

  @Test("of older kernels sum kernel memory from its parts")
  func kernelMemory() throws {
    let files = ["a/memory.current": "1\n", "a/memory.stat": "slab 10\nkernel_stack 20\npagetables 5\n"]
    try TemporaryHierarchy.with([], files: files) { hierarchy in
      #expect(hierarchy.root.cgroup("/a").stats().memory?.kernel == 35)
    }
  }

  @Test("of a process are read from /proc, whatever its name is")
  func processUsage() {
    #expect(ProcessUsage.residentPages(statm: "1000 250 80 1 0 60 0\n") == 250)
    #expect(ProcessUsage.residentPages(statm: "") == nil)
    let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 10 20 0 0 7 5 2 1 20 0 1 0 100 0 0"
    #expect(ProcessUsage.clockTicks(stat: stat) == 15)
    #expect(ProcessUsage.clockTicks(stat: "42") == nil)
  }

  @Test("of disks and huge pages are read line by line") func devices() throws {
    let files = [
      "a/io.stat": "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n254:0 \nrubbish\n9:1 rbytes=x wios=7\n",
      "a/hugetlb.2MB.current": "4194304\n", "a/cgroup.threads": "1\n2\n3\n",
    ]
    try TemporaryHierarchy.with([], files: files) { hierarchy in
      let cgroup = hierarchy.root.cgroup("/a")
      #expect(
        cgroup.devices() == [
          .init(major: 8, minor: 16, readBytes: 1, writtenBytes: 2, reads: 3, writes: 4), .init(major: 9, minor: 1, writes: 7),
        ])
      #expect(cgroup.hugePageBytes("2MB") == 4_194_304 && cgroup.hugePageBytes("1GB") == nil)
      #expect(cgroup.threadCount() == 3 && hierarchy.root.cgroup("/none").devices().isEmpty)
    }
  }
}
