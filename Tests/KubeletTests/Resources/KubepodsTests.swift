import Cgroups
import Foundation
import KubeModel
import LinuxSystem
import Logging
import Testing

@testable import Kubelet

/// The tree's files in a directory of their own: what is written where needs no kernel.
@Suite("The tree of pod cgroups") struct KubepodsTests {
  func withTree(_ body: (Kubepods, String) async throws -> Void) async throws {
    let mount = NSTemporaryDirectory() + "kubepods-test-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: mount) }
    for directory in ["/kubepods/burstable/podold", "/kubepods/besteffort"] {
      try FileManager.default.createDirectory(atPath: mount + directory, withIntermediateDirectories: true)
    }
    for file in ["", "/burstable", "/besteffort", "/burstable/podold"].flatMap({ directory in
      ["cpu.weight", "cpu.max", "memory.max", "pids.max", "cpu.max.burst"].map { "/kubepods\(directory)/\($0)" }
    }) {
      _ = FileManager.default.createFile(atPath: mount + file, contents: Data())
    }
    // A pod of a former life: 1000 millicpu.
    try Data("39\n".utf8).write(to: URL(fileURLWithPath: "\(mount)/kubepods/burstable/podold/cpu.weight"))
    let root = CgroupRoot(mountPoint: mount, controllers: [.cpu])
    let plan = NodePlan(milliCPU: 4000, memory: 8 << 30, pids: 30_000, configuration: KubeletConfiguration())
    try await body(Kubepods(root, root: "/kubepods", node: TestNode.facts, plan: plan, logger: Logger(label: "test")), mount)
  }

  func pod(_ uid: String, _ milli: Int) -> Pod {
    var container = Container.test("app")
    container.resources = ResourceRequirements(requests: ["cpu": Quantity(milli: milli)])
    return .test(uid: uid, [container])
  }

  @Test("the burstable class follows its pods, those of a former life included")
  func burstable() async throws {
    try await withTree { tree, mount in
      func weight(_ path: String) -> String { (try? readFile("\(mount)/kubepods\(path)/cpu.weight")) ?? "" }
      for uid in ["a", "b"] {
        try FileManager.default.createDirectory(atPath: "\(mount)/kubepods/burstable/pod\(uid)", withIntermediateDirectories: true)
        for file in ["cpu.weight", "cpu.max"] {
          _ = FileManager.default.createFile(atPath: "\(mount)/kubepods/burstable/pod\(uid)/\(file)", contents: Data())
        }
      }
      _ = try await tree.prepare(pod("a", 500))
      #expect(weight("/besteffort") == "1" && weight("") == "157" && weight("/burstable/poda") == "20")
      #expect(weight("/burstable").prefix(2) == "58" || weight("/burstable").prefix(2) == "59")
      _ = try await tree.prepare(pod("b", 1500))
      let both = Int(weight("/burstable")) ?? 0
      #expect((115...118).contains(both))
    }
  }

  @Test("the cgroup of all pods follows the node's capacity") func capacity() async throws {
    try await withTree { tree, mount in
      func weight() -> String { (try? readFile("\(mount)/kubepods/cpu.weight")) ?? "" }
      let cgroups = PodCgroups(tree, root: "/kubepods") { node in
        NodePlan(milliCPU: node.milliCPUCapacity, memory: 8 << 30, pids: 30_000, configuration: KubeletConfiguration())
      }
      for file in ["cpu.weight", "cpu.max"] {
        try FileManager.default.createDirectory(atPath: "\(mount)/kubepods/burstable/poda", withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: "\(mount)/kubepods/burstable/poda/\(file)", contents: Data())
      }
      _ = try await cgroups.prepare(pod("a", 500))
      #expect(weight() == "157")
      var node = TestNode.facts
      node.milliCPUCapacity = 8000
      await cgroups.nodeChanged(node)
      #expect(weight() == "313")
    }
  }

  @Test("every pod's cgroup is found, whoever made it, and whether something runs in it") func found() async throws {
    try await withTree { tree, mount in
      for (path, populated) in [("/podg", 1), ("/burstable/podold", 0), ("/besteffort/podb", 1)] {
        try FileManager.default.createDirectory(atPath: "\(mount)/kubepods\(path)", withIntermediateDirectories: true)
        try Data("populated \(populated)\nfrozen 0\n".utf8).write(
          to: URL(fileURLWithPath: "\(mount)/kubepods\(path)/cgroup.events"))
      }
      // No pod's: a UID is the name of a directory.
      for path in ["pod..", "burstable/pod.", "besteffort/pod"] {
        try FileManager.default.createDirectory(atPath: "\(mount)/kubepods/\(path)", withIntermediateDirectories: true)
      }
      let found = try await tree.found().sorted { $0.uid.rawValue < $1.uid.rawValue }
      #expect(found.map(\.uid.rawValue) == ["b", "g", "old"])
      #expect(found.map(\.path) == ["/kubepods/besteffort/podb", "/kubepods/podg", "/kubepods/burstable/podold"])
      #expect(found.map(\.isPopulated) == [true, true, false])
    }
  }

  @Test("a name that the kernel could not make has no cgroup to remove") func longName() async throws {
    try await withTree { tree, _ in try await tree.remove(PodUID(String(repeating: "u", count: 300))) }
  }

  @Test(
    "a pod's cgroup is found in whatever class it is: of a pod without a record nobody knows",
    arguments: ["", "/burstable", "/besteffort"])
  func anyClass(place: String) async throws {
    try await withTree { tree, mount in
      let directory = "\(mount)/kubepods\(place)/podx"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try await tree.remove(PodUID("x"))
      #expect(!FileManager.default.fileExists(atPath: directory))
      try await tree.remove(PodUID("x"))
    }
  }
}
