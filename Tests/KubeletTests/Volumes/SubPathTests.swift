import Foundation
import Glibc
import KubeModel
import LinuxSystem
import Store
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("Parts of volumes", .enabled(if: geteuid() == 0, "needs CAP_SYS_ADMIN")) struct SubPathTests {
  func withVolume(_ body: (_ volume: String, _ outside: String, PodPaths, Ledger) throws -> Void) throws {
    let root = NSTemporaryDirectory() + "subpath-test-\(UUID().uuidString)"
    let paths = PodPaths(root: root, logs: root, uid: PodUID("u1"), namespace: "default", name: "p")
    let ledger = Ledger(in: try Store(path: nil))
    try makeDirectory("\(root)/volume", mode: 0o2777)
    try makeDirectory("\(root)/outside/deep", mode: 0o755)
    for directory in ["outside", "outside/deep"] { try writeFile("\(root)/\(directory)/secret", "host") }
    defer {
      try? VolumeTeardown.run(paths, ledger: ledger)
      try? FileManager.default.removeItem(atPath: root)
    }
    try body("\(root)/volume", "\(root)/outside", paths, ledger)
  }

  func part(_ volume: String, _ path: String, _ paths: PodPaths) -> SubPath {
    SubPath(root: volume, path: path, target: paths.subPath(volume: "v", container: "c", index: 0))
  }

  @Test("a part is made with the volume's mode, bound, replaced at the next run, and released") func life() throws {
    try withVolume { volume, _, paths, ledger in
      let part = part(volume, "a/./b", paths)
      try part.bind(ledger: ledger, owner: "u1")
      #expect(try HostFiles.facts("\(volume)/a/b")?.mode == 0o2777)
      #expect(try MountTable.mounts(below: paths.pod) == [part.target])
      #expect(try ledger.entries(owner: "u1").map(\.name) == [part.target])
      try removeTree("\(volume)/a")
      try writeFile("\(volume)/file", "x")
      try self.part(volume, "file", paths).bind(ledger: ledger, owner: "u1")
      #expect(try MountTable.mounts(below: paths.pod) == [part.target])
      #expect(try readFile(part.target) == "x")
      try VolumeTeardown.run(paths, ledger: ledger)
      #expect(try MountTable.mounts(below: paths.pod).isEmpty && ledger.entries().isEmpty)
      #expect(try readFile("\(volume)/file") == "x")
    }
  }

  @Test("a link that leads out of the volume is refused, one inside is followed") func links() throws {
    try withVolume { volume, outside, paths, ledger in
      try FileManager.default.createSymbolicLink(atPath: "\(volume)/absolute", withDestinationPath: outside)
      try FileManager.default.createSymbolicLink(atPath: "\(volume)/relative", withDestinationPath: "../outside")
      try makeDirectory("\(volume)/data", mode: 0o755)
      try FileManager.default.createSymbolicLink(atPath: "\(volume)/inside", withDestinationPath: "data")
      for path in ["absolute", "relative", "absolute/deep", "relative/new"] {
        #expect(throws: KubeletError.self) { try part(volume, path, paths).bind(ledger: ledger, owner: "u1") }
      }
      #expect(try HostFiles.facts("\(outside)/new") == nil)
      try part(volume, "inside/x", paths).bind(ledger: ledger, owner: "u1")
      #expect(try HostFiles.facts("\(volume)/data/x")?.kind == .directory)
    }
  }

  @Test(
    "a part of a volume that hangs is waited for once, and later tries are told so at once",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/fuse"), "needs FUSE"), .timeLimit(.minutes(5)))
  func hanging() async throws {
    try await ScratchDirectory.with("hung") { scratch in
      let hung = try scratch.makeDirectory("hung")
      // A file system whose server never says a word.
      let device = try systemCall("open", on: "/dev/fuse") { unsafe open("/dev/fuse", O_RDWR | O_CLOEXEC) }
      let options = "fd=\(device),rootmode=40000,user_id=0,group_id=0"
      _ = try systemCall("mount", on: hung) { unsafe mount("hung", hung, "fuse", 0, options) }
      defer { unsafe umount2(hung, Int32(MNT_DETACH)) }
      let ledger = Ledger(in: try Store(path: nil))
      let part = SubPath(root: hung, path: "a", target: scratch["target"])
      let first = await #expect(throws: KubeletError.self) {
        try await PodVolumes.bind([part], ledger: ledger, owner: "u1", seconds: 1)
      }
      #expect(first?.description.contains("did not finish within 1 s") == true)
      for _ in 0..<3 {
        // It would be waited for longer than the test may take.
        let later = await #expect(throws: KubeletError.self) {
          try await PodVolumes.bind([part], ledger: ledger, owner: "u1", seconds: 600)
        }
        #expect(later?.description.contains("since an earlier try") == true)
      }
      // Its server is gone: the call ends, and the place is free for another try.
      close(device)
      let free = await eventually {
        do throws(KubeletError) {
          try await PodVolumes.bind([part], ledger: ledger, owner: "u1", seconds: 600)
          return false
        } catch {
          return !error.description.contains("since an earlier try")
        }
      }
      #expect(free)
    }
  }

  /// CVE-2021-25741: a sibling container swaps a directory and a link as fast as it can.
  @Test("a directory that becomes a link while it is bound never leads out", .timeLimit(.minutes(5))) func attack() throws {
    try withVolume { volume, outside, paths, ledger in
      try makeDirectory("\(volume)/a/deep", mode: 0o777)
      try FileManager.default.createSymbolicLink(atPath: "\(volume)/b", withDestinationPath: outside)
      let stops = Atomic(false)
      let swaps = Atomic(0)
      let attacker = Thread {
        while !stops.load(ordering: .relaxed) {
          for (from, to) in [("a", "c"), ("b", "a"), ("a", "b"), ("c", "a")] {
            _ = unsafe rename("\(volume)/\(from)", "\(volume)/\(to)")
          }
          swaps.add(1, ordering: .relaxed)
        }
      }
      do {
        attacker.start()
        defer { stops.store(true, ordering: .relaxed) }
        var (round, bound) = (0, 0)
        // On a busy machine either side may win for long.
        while round < 200 || bound == 0 || swaps.load(ordering: .relaxed) < 100 {
          round += 1
          let part = part(volume, round % 2 == 0 ? "a/deep" : "a/new", paths)
          do throws(KubeletError) {
            try part.bind(ledger: ledger, owner: "u1")
            bound += 1
            #expect((try? readFile("\(part.target)/secret")) == nil)
          } catch { continue }
        }
      }
      #expect(try HostFiles.facts("\(outside)/new") == nil)
    }
  }
}
