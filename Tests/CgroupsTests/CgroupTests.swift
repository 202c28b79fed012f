import Testing

@testable import Cgroups

@Suite("A cgroup") struct CgroupTests {
  @Test("is made with its ancestors, which hand their controllers down")
  func create() throws {
    let files = ["cgroup.controllers": "cpu memory pids\n", "cgroup.subtree_control": "pids\n"]
    try TemporaryHierarchy.with([.cpu, .pids, .hugetlb], files: files) { hierarchy in
      try hierarchy.root.cgroup("/pod/leaf").create()
      #expect(hierarchy.exists("pod/leaf"))
      // Only what is usable, available there and not on yet. A regular file keeps the rest of its old content: a real one does not.
      #expect(try hierarchy.read("cgroup.subtree_control").hasPrefix("+cpu"))
      #expect(!hierarchy.exists("pod/leaf/cgroup.subtree_control"))
      try hierarchy.root.cgroup("/pod/leaf").create()
    }
  }

  @Test("can be made without controllers")
  func createWithoutControllers() throws {
    let files = ["cgroup.controllers": "cpu\n", "cgroup.subtree_control": ""]
    try TemporaryHierarchy.with([.cpu], files: files) { hierarchy in
      try hierarchy.root.cgroup("/exec").create(enableControllers: false)
      #expect(try hierarchy.read("cgroup.subtree_control") == "")
    }
  }

  @Test("that cannot be made leaves no ancestor behind")
  func createFails() throws {
    try TemporaryHierarchy.with([]) { hierarchy in
      let name = String(repeating: "x", count: 300)
      #expect(throws: CgroupError.self) { try hierarchy.root.cgroup("/made/\(name)").create() }
      #expect(!hierarchy.exists("made"))
    }
  }

  @Test("that does not exist has no process, is not populated, and can be killed and removed")
  func absent() throws {
    try TemporaryHierarchy.with([]) { hierarchy in
      let cgroup = hierarchy.root.cgroup("/absent")
      #expect(try cgroup.processes(recursive: true) == [])
      #expect(try !cgroup.isPopulated)
      try cgroup.kill()
      try cgroup.killAndWait()
      try cgroup.remove()
      #expect(cgroup.stats() == CgroupStats())
      #expect(ProcessUsage.residentBytes(cgroup) == nil)
      #expect { try cgroup.open() } throws: { ($0 as? CgroupError)?.code == .notFound }
    }
  }

  @Test("lists the processes of its children when asked")
  func processes() throws {
    let files = ["a/cgroup.procs": "12\n0\n7\n", "a/b/cgroup.procs": "3\n", "a/b/c/cgroup.procs": ""]
    try TemporaryHierarchy.with([], files: files) { hierarchy in
      let (own, all) = try (
        hierarchy.root.cgroup("/a").processes(recursive: false), hierarchy.root.cgroup("/a").processes(recursive: true)
      )
      #expect(own == [12, 7])
      #expect(all.sorted() == [3, 7, 12])
    }
  }

  @Test("waits for its processes only so long")
  func timeout() throws {
    try TemporaryHierarchy.with([], files: ["a/cgroup.events": "populated 1\nfrozen 0\n"]) { hierarchy in
      let cgroup = hierarchy.root.cgroup("/a")
      #expect(try cgroup.isPopulated)
      #expect { try cgroup.wait(for: "populated", toBe: 0, timeout: .milliseconds(20)) } throws: {
        ($0 as? CgroupError)?.code == .timedOut
      }
      try cgroup.wait(for: "populated", toBe: 1, timeout: .zero)
    }
  }

  @Test("gets each value in its file, weights only with their controller")
  func apply() throws {
    let files = ["a/cpu.weight": "", "a/memory.max": "", "a/pids.max": ""]
    try TemporaryHierarchy.with([.memory], files: files) { hierarchy in
      let resources = CgroupResources(cpuShares: 1024, memoryLimit: 4096, pidsLimit: -1)
      try hierarchy.root.cgroup("/a").apply(resources, available: [.memory])
      #expect(try hierarchy.read("a/memory.max") == "4096")
      #expect(try hierarchy.read("a/cpu.weight") == "")
      #expect(try hierarchy.read("a/pids.max") == "")
      try hierarchy.root.cgroup("/a").apply(resources, available: [.memory, .cpu, .pids])
      #expect(try hierarchy.read("a/cpu.weight") == "100")
      #expect(try hierarchy.read("a/pids.max") == "max")
    }
  }

  @Test("refuses a limit without its controller before it writes anything")
  func applyUnsupported() throws {
    try TemporaryHierarchy.with([.memory], files: ["a/memory.max": ""]) { hierarchy in
      #expect {
        try hierarchy.root.cgroup("/a").apply(CgroupResources(memoryLimit: 4096, pidsLimit: 5), available: [.memory])
      } throws: { error in
        let error = error as? CgroupError
        return error?.code == .unsupported && error?.message.contains("controller pids") == true
      }
      let written = try hierarchy.read("a/memory.max")
      #expect(written == "")
    }
  }

  @Test("A file missing although its controller is there is an error, except where the kernel may leave it out")
  func optionalFiles() throws {
    try TemporaryHierarchy.with([.memory, .io], files: ["a/memory.max": ""]) { hierarchy in
      let cgroup = hierarchy.root.cgroup("/a")
      let noSwap = CgroupResources(memoryLimit: 4096, memorySwap: 4096, ioWeight: 100)
      try cgroup.apply(noSwap, available: [.memory, .io])
      #expect(try hierarchy.read("a/memory.max") == "4096")
      #expect(!hierarchy.exists("a/memory.swap.max"))
      #expect(throws: CgroupError.self) {
        try cgroup.apply(CgroupResources(memoryLimit: 4096, memorySwap: 8192), available: [.memory])
      }
    }
  }
}
