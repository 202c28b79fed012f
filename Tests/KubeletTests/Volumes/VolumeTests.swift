import Foundation
import Glibc
import KubeModel
import LinuxSystem
import Store
import Testing

@testable import Kubelet

@Suite("Volumes") struct VolumeTests {
  func withDirectory(_ body: (String) async throws -> Void) async throws {
    let root = NSTemporaryDirectory() + "volume-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try await body(root)
  }

  @Test(
    "a hostPath is checked for its type",
    arguments: [
      ("Directory", "dir", true), ("Directory", "file", false), ("Directory", "none", false), ("File", "file", true),
      ("File", "dir", false),
      ("DirectoryOrCreate", "none", true), ("FileOrCreate", "none", true), ("Socket", "file", false), ("CharDevice", "file", false),
      ("BlockDevice", "none", false), ("", "none", true), ("Nonsense", "dir", false),
    ])
  func hostPath(type: String, name: String, isAccepted: Bool) async throws {
    try await withDirectory { root in
      try makeDirectory("\(root)/dir", mode: 0o755)
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(root)/file"))
      let volume = HostPathVolume(path: "\(root)/\(name)", type: type)
      if isAccepted {
        _ = try volume.setUp()
        _ = try volume.setUp()
      } else {
        #expect(throws: KubeletError.self) { _ = try volume.setUp() }
      }
    }
  }

  @Test("an emptyDir is writable by everyone, belongs to the fsGroup, and is removed with its content")
  func emptyDir() async throws {
    try await withDirectory { root in
      var pod = Pod.test()
      pod.spec.volumes = [KubeModel.Volume(name: "v", emptyDir: EmptyDirVolumeSource())]
      // Without root a file can be given to one's own group only.
      let group = geteuid() == 0 ? 1234 : getegid()
      pod.spec.securityContext = PodSecurityContext(fsGroup: Int(group))
      let store = try Store(path: nil)
      let paths = PodPaths(root: root, logs: root, uid: pod.podUID, namespace: "default", name: "p")
      let volumes = PodVolumes(pod, paths: paths, ledger: Ledger(in: store), node: TestNode.facts)
      try await volumes.setUp()
      let path = "\(root)/pods/u1/volumes/kubernetes.io~empty-dir/v"
      let facts = try #require(try HostFiles.facts(path))
      #expect(facts.mode == 0o2777 && facts.gid == group)
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/file"))
      try await volumes.tearDown()
      try await volumes.tearDown()
      #expect(try HostFiles.facts(path) == nil)
    }
  }

  @Test("an emptyDir in memory is as large as the smallest limit allows")
  func memorySize() {
    var pod = Pod.test()
    #expect(EmptyDirVolume.size(limit: nil, in: pod, node: TestNode.facts) == 8 << 30)
    pod.spec.containers[0].resources = ResourceRequirements(limits: ["memory": Quantity("64Mi")!])
    #expect(EmptyDirVolume.size(limit: Quantity("1Gi"), in: pod, node: TestNode.facts) == 64 << 20)
    #expect(EmptyDirVolume.size(limit: Quantity("1Mi"), in: pod, node: TestNode.facts) == 1 << 20)
  }

  @Test(
    "removal refuses a tree with a mount in it; the volume's own tmpfs is released and leaves the ledger",
    .enabled(if: geteuid() == 0, "needs CAP_SYS_ADMIN"))
  func mounts() async throws {
    try await withDirectory { root in
      let store = try Store(path: nil)
      let paths = PodPaths(root: root, logs: root, uid: PodUID("u1"), namespace: "default", name: "p")
      let place = paths.volume(plugin: "empty-dir", "v")
      let volume = EmptyDirVolume(hostPath: place, memory: 1 << 20, owner: "u1", ledger: Ledger(in: store))
      #expect(try volume.setUp())
      #expect(try !volume.setUp())
      #expect(try MountTable.mounts(below: root) == [place])
      #expect(try Ledger(in: store).entries(owner: "u1").map(\.kind) == [.mount])
      #expect(throws: KubeletError.self) { try DirectoryRemoval.remove(root) }
      try VolumeTeardown.run(paths, ledger: Ledger(in: store))
      #expect(try MountTable.mounts(below: root).isEmpty)
      #expect(try Ledger(in: store).entries().isEmpty)
    }
  }

  @Test(
    "a tmpfs that is mounted takes the size that the limits give now, and keeps it while more is in it",
    .enabled(if: geteuid() == 0, "needs CAP_SYS_ADMIN"))
  func resize() async throws {
    try await withDirectory { root in
      let store = try Store(path: nil)
      let paths = PodPaths(root: root, logs: root, uid: PodUID("u1"), namespace: "default", name: "p")
      let place = paths.volume(plugin: "empty-dir", "v")
      func setUp(_ size: Int64) throws -> UInt {
        _ = try EmptyDirVolume(hostPath: place, memory: size, owner: "u1", ledger: Ledger(in: store)).setUp()
        var facts = statvfs()
        #expect(unsafe statvfs(place, &facts) == 0)
        return UInt(facts.f_blocks) * UInt(facts.f_frsize)
      }
      defer { try? VolumeTeardown.run(paths, ledger: Ledger(in: store)) }
      #expect(try setUp(1 << 20) == 1 << 20)
      #expect(try setUp(4 << 20) == 4 << 20)
      try Data(count: 2 << 20).write(to: URL(fileURLWithPath: "\(place)/file"))
      #expect(try setUp(1 << 20) == 4 << 20)
      #expect(try setUp(3 << 20) == 3 << 20)
    }
  }

  @Test("a tree deeper than any path is removed")
  func deep() async throws {
    try await withDirectory { root in
      try FileManager.default.createDirectory(atPath: "\(root)/volume", withIntermediateDirectories: true)
      var current = unsafe open("\(root)/volume", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      for _ in 0..<3_000 {
        #expect(unsafe mkdirat(current, "directory", 0o755) == 0)
        let next = unsafe openat(current, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        close(current)
        current = next
      }
      close(current)
      try DirectoryRemoval.remove("\(root)/volume")
      #expect(try listDirectory(root).isEmpty)
      // What can never have been made is gone, too.
      try DirectoryRemoval.remove("\(root)/" + String(repeating: "n", count: 300))
    }
  }

  @Test("what hangs is left behind at its deadline", .timeLimit(.minutes(5)))
  func deadline() async {
    let isOpen = Monitored(false)
    await #expect(throws: KubeletError.self) {
      try await Deadline.run("sleeping", seconds: 1, reason: "FailedMount") { () throws(KubeletError) in
        _ = isOpen.wait { $0 ? true : nil }
      }
    }
    isOpen.broadcast { $0 = true }
  }
}
