import Dispatch
import Glibc

/// SIGTERM and SIGINT as a value instead of an end.
enum StopSignal {
  static func wait() async -> String {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    let sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in continuation.yield(name) }
      source.resume()
      return source
    }
    defer { sources.forEach { $0.cancel() } }
    for await name in stream { return name }
    return "cancellation"
  }
}
