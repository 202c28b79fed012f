import CRIClient
import CRIService
import GRPCTransport
import Glibc
import Logging
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@Suite("The log of calls", .timeLimit(.minutes(5))) struct CallTraceTests {
  @Test("tells calls apart by number, and who called by process") func numbers() async throws {
    let lines = CallLines()
    try await withCRIServer(logger: Logger(label: "test") { _ in lines }) { client, _, _ in
      _ = try await client.version()
      _ = try? await client.containerStatus(ContainerID("absent"), verbose: false)
    }
    let seen = lines.calls.withLock { $0 }.filter { $0.method != nil }
    #expect(seen.map(\.method) == ["Version", "ContainerStatus"])
    #expect(seen.allSatisfy { $0.process == "\(getpid())" })
    #expect(Set(seen.map(\.number)).count == 2 && seen.allSatisfy { UInt64($0.number ?? "") != nil })
    #expect(CallContext.current == nil, "outside of a call there is none")
  }
}

/// The lines of a log with what the agent's own adds to them.
private final class CallLines: LogHandler, Sendable {
  struct Line: Sendable {
    var method: String?
    var number: String?
    var process: String?
  }
  let calls = Mutex<[Line]>([])
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let call = CRIServer.callMetadata.get()
    calls.withLock {
      $0.append(
        Line(
          method: event.metadata?["cri.method"].map { "\($0)" }, number: call["call"].map { "\($0)" },
          process: call["call.pid"].map { "\($0)" }))
    }
  }
}
