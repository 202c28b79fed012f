import CLinux
import Foundation
import Glibc
import Images
import LinuxSystem
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

@Suite(
  "What changes about a running container, and what is told of it", .serialized, .enabled(if: geteuid() == 0, "needs root"),
  .timeLimit(.minutes(5)))
struct UpdateTests {
  @Test("A new OOM score is that of its processes, of those it gets by exec, and of those after a restart of the agent")
  func oomScore() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      var container = fixture.containerConfig()
      // Scores are only raised: not everybody may lower one.
      container.resources = LinuxResources(oomScoreAdjust: 300)
      let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
      func score() async throws -> String {
        RuntimeFixture.text("/proc/\(try await runtime.container(id).machine.pid)/oom_score_adj")
      }
      #expect(try await score() == "300\n")
      // Also one that waits for its start.
      try await runtime.updateContainerResources(id, LinuxResources(oomScoreAdjust: 400))
      #expect(try await score() == "400\n")
      try await runtime.startContainer(id)
      #expect(try await score() == "400\n")
      try await runtime.updateContainerResources(id, LinuxResources(oomScoreAdjust: 500))
      #expect(try await score() == "500\n")
      let error = await #expect(throws: RuntimeError.self) {
        try await runtime.updateContainerResources(id, LinuxResources(oomScoreAdjust: 1001))
      }
      #expect(error?.code == .invalidArgument)
      // 0 is "as it was".
      try await runtime.updateContainerResources(id, LinuxResources())
      #expect(try await score() == "500\n")
      func exec(_ runtime: PodRuntime) async throws -> String {
        let result = try await runtime.execSync(id, command: ["/payload", "oom-score-adj"], timeout: 10)
        return String(decoding: result.stdout, as: UTF8.self)
      }
      #expect(try await exec(runtime) == "500\n")
      let successor = try await fixture.successor()
      #expect(try await exec(successor) == "500\n")
      #expect(try await successor.containerStatus(id, verbose: false).status.resources?.oomScoreAdjust == 500)
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test("Log lines that could not be written are told with whose they were and why")
  func lostLines() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      let shim = try #require(try await runtime.sandbox(sandbox).link?.pid)
      // RLIMIT_FSIZE stands for the full disk: no room for one line.
      #expect(cl_prlimit(shim, 1, 10, .max) == 0)
      var container = fixture.containerConfig()
      container.args = ["hostname"]
      let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
      try await runtime.startContainer(id)
      var losses = runtime.logLosses.makeAsyncIterator()
      let loss = try #require(await losses.next())
      #expect(loss.sandbox == config.metadata && loss.container == container.metadata && loss.lines == 1)
      #expect(loss.reason == "File too large")
      #expect(await (try runtime.container(id)).exited.wait())
      try await runtime.removePodSandbox(sandbox)
    }
  }

  @Test("What was read of an image's users goes with the image")
  func users() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      func create(_ name: String, _ image: String) async throws {
        var container = fixture.containerConfig(name)
        container.image = ImageSpec(image: "localhost/\(image):latest")
        container.command = ["/bin/true"]
        let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        try await runtime.removeContainer(id)
      }
      let fixtures = try #require(ProcessInfo.processInfo.environment["SWIFTLET_FIXTURES"])
      _ = try await fixture.images.importArchive(path: "\(fixtures)/busybox.tar", pin: false) { _ in }
      let busybox = try #require(try fixture.images.status("localhost/busybox:latest")).id
      let payload = try #require(try fixture.images.status("localhost/payload:latest")).id
      try await create("a", "busybox")
      #expect(runtime.users.withLock { Set($0.keys) } == [busybox])
      try await runtime.removeImage("localhost/busybox:latest")
      try await create("b", "payload")
      #expect(runtime.users.withLock { Set($0.keys) } == [payload])
      try await runtime.removePodSandbox(sandbox)
    }
  }
}
