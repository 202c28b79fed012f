import Glibc
import RuntimeAPI
import ShimCore
import Testing

@testable import PodRuntime

@Suite("StopContainer", .timeLimit(.minutes(5))) struct StopContainerTests {
  @Test(
    "succeeds when podshim finds the process ended already, and its end is what podshim told", arguments: [ESRCH, ENOENT], [0, 30])
  func endedMeanwhile(_ code: Int32, _ timeout: Int64) async throws {
    try await ScriptedPod.with { pod in
      let stop = Task { try await pod.runtime.stopContainer(pod.container.id, timeout: timeout) }
      let (request, number) = try await pod.signal()
      #expect(number == (timeout == 0 ? 9 : 15))
      pod.exit(7)
      pod.shim.reply(.refused(errno: code, text: "it has ended"), to: request)
      try await stop.value
      #expect(pod.container.machine.end?.exitCode == 7)
    }
  }

  @Test("succeeds when podshim does not know the container any more, whose end nobody knows then")
  func forgotten() async throws {
    try await ScriptedPod.with { pod in
      let stop = Task { try await pod.runtime.stopContainer(pod.container.id, timeout: 0) }
      let (request, _) = try await pod.signal()
      pod.shim.reply(.refused(errno: ENOENT, text: "unknown"), to: request)
      try await stop.value
      #expect(pod.container.machine.hasEnded)
    }
  }

  @Test("sends the stop signal again when it could not be sent before, and only then")
  func again() async throws {
    try await ScriptedPod.with { pod in
      let first = Task { try await pod.runtime.stopContainer(pod.container.id, timeout: 30) }
      let refused = try await pod.signal()
      #expect(refused.number == 15)
      pod.shim.reply(.refused(errno: EIO, text: "not now"), to: refused.request)
      await #expect(throws: RuntimeError.self) { try await first.value }
      let second = Task { try await pod.runtime.stopContainer(pod.container.id, timeout: 30) }
      let sent = try await pod.signal()
      #expect(sent.number == 15)
      pod.shim.reply(.done, to: sent.request)
      // A third one that shortens the time kills, and does not ask the container once more.
      let third = Task { try await pod.runtime.stopContainer(pod.container.id, timeout: 0) }
      let killed = try await pod.signal()
      #expect(killed.number == 9)
      pod.shim.reply(.done, to: killed.request)
      pod.exit(137)
      try await second.value
      try await third.value
      #expect(pod.container.machine.end?.exitCode == 137)
    }
  }
}
