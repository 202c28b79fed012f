import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  @Suite("Agents that are cut off", .timeLimit(.minutes(5)))
  struct CutOffAgentTests {
    /// An agent that said hello and was answered.
    private func greeted(_ pod: TestPod) throws -> UnixStream {
      let stream = try UnixStream.connect(directory: pod.directory, name: "shim.sock")
      try stream.send(ShimFrame.encode(.hello(version: ShimProtocol.version), id: 1))
      let readable = stream.withRaw { raw in
        var poller = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&poller, 1, 10_000) > 0
      }
      guard readable, try !stream.receive().bytes.isEmpty else { throw ShimTimeout(waitingFor: "the hello of one agent more") }
      return stream
    }

    private func state(_ pid: Int32) -> Character? {
      let text = ShimFiles.text("/proc/\(pid)/stat")
      return text.lastIndex(of: ")").flatMap { text[$0...].dropFirst(2).first }
    }

    @Test("The place of one whose end was noticed in sending is free again: seventeen leave room for the next")
    func places() throws {
      try TestPod.with { pod in
        for (round, count) in [9, 8].enumerated() {
          let id = "c\(round)"
          guard case .spawned(let pid) = try pod.spawn(TestContainer(id, ["/bin/sleep", "60"])).reply else {
            throw ShimTimeout(waitingFor: "spawn")
          }
          var agents = try (0..<count).map { _ in try greeted(pod) }
          // While podshim does not look: first there is an event to send, then those it goes to are gone.
          try pod.process.signal(SIGSTOP)
          defer { try? pod.process.signal(SIGCONT) }
          #expect(eventuallyBlocking { state(pod.process.pid) == "T" })
          kill(pid, SIGKILL)
          #expect(eventuallyBlocking { state(pid) == "Z" })
          agents.removeAll()
          try pod.process.signal(SIGCONT)
          #expect(try pod.exit(of: id).signal == SIGKILL)
        }
        _ = try greeted(pod)
      }
    }
  }
}
