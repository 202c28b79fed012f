import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import Synchronization
import Testing

@testable import PodRuntime

/// A file system that does not answer, as a network volume whose server is gone.
@Suite(
  "Hung volumes", .serialized,
  .enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/fuse"), "needs root and FUSE"),
  .timeLimit(.minutes(5)))
struct HungVolumeTests {
  /// Mounts a file system whose server never says a word; returns the descriptor that keeps it so.
  private static func mount(at path: String) throws -> Int32 {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let device = try systemCall("open", on: "/dev/fuse") { unsafe open("/dev/fuse", O_RDWR | O_CLOEXEC) }
    let options = "fd=\(device),rootmode=40000,user_id=0,group_id=0"
    _ = try systemCall("mount", on: path) { unsafe Glibc.mount("hung", path, "fuse", 0, options) }
    return device
  }

  @Test(
    "A container whose volume hangs fails in time, more of them than there are threads hold up nobody, and the pod can be removed")
  func hung() async throws {
    try await RuntimeFixture.with(volumePatience: .seconds(2)) { fixture in
      let path = "\(fixture.base)/hung"
      let device = try Self.mount(at: path)
      defer { unsafe umount2(path, 2 /* MNT_DETACH */) }
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      var container = fixture.containerConfig()
      container.mounts = [Mount(containerPath: "/data", hostPath: "\(path)/volume")]
      let creation = Task { [container] in try await fixture.runtime.createContainer(container, in: sandbox, sandboxConfig: config)
      }
      // The threads for such paths are all taken; manifests are read all the same.
      let stuck = (0..<80).map { _ in Task { await runBlocking(.foreign) { _ = unsafe access("\(path)/volume", F_OK) } } }
      try await Task.sleep(for: .milliseconds(200))
      #expect(await waiting(atMost: .seconds(100)) { await runBlocking(.manifests) { () throws(Never) in } } != nil)
      #expect(await waiting(atMost: .seconds(100)) { await runBlocking { () throws(Never) in } } != nil)
      let error = await #expect(throws: RuntimeError.self) { try await creation.value }
      #expect(error?.code == .deadlineExceeded)
      // It waits for the creation at most.
      try await fixture.runtime.removePodSandbox(sandbox)
      close(device)
      for task in stuck { await task.value }
    }
  }
}
