import LinuxSystem
import RuntimeAPI
import Streaming

/// A session of exec or attach at this terminal, or between pipes.
struct StreamSession {
  var tty: Bool
  var interactive: Bool
  /// nil: no keys leave it.
  var detachKeys: DetachKeys?

  enum End {
    case exited(Int32)
    case detached
  }

  private static let windowChanged: CInt = 28
  private static let endings: [CInt] = [1, 15]

  /// Runs it to its end. The terminal is as it was when this returns, or when a signal ends the program.
  func run(_ url: String) async throws -> End {
    let output = try StandardOutputPipe(.output)
    let error = tty ? nil : try StandardOutputPipe(.error)
    let mode = tty && interactive && TerminalDevice.isInput ? try TerminalDevice.makeRaw() : nil
    defer { mode?.restore() }
    let (leaving, left) = AsyncStream.makeStream(of: Void.self)
    let input = interactive ? try StandardPipes.input(filter(left)) : nil
    let client = ProcessClient(
      url: url, tty: tty, input: input, output: output.descriptor, error: error?.descriptor, sizes: tty ? try sizes(mode) : nil)
    let end = try await withThrowingTaskGroup(of: ProcessEnd?.self) { tasks in
      tasks.addTask { try await client.run() }
      tasks.addTask {
        for await _ in leaving { return nil }
        // Nobody leaves: only the session's end counts.
        await cancellation()
        return nil
      }
      defer { tasks.cancelAll() }
      return try await tasks.next() ?? nil
    }
    output.finish()
    error?.finish()
    switch end {
    case .exited(let code): return .exited(code)
    case .failed(let reason): throw Failure(reason)
    case nil: return .detached
    }
  }

  private func filter(_ left: AsyncStream<Void>.Continuation) -> @Sendable ([UInt8]) -> [UInt8]? {
    guard let detachKeys else { return { $0 } }
    let keys = Monitored(detachKeys)
    return { bytes in
      let passed = keys.withLock { $0.pass(bytes) }
      if passed == nil { left.yield() }
      return passed
    }
  }

  /// The terminal's size now and whenever it changes.
  private func sizes(_ mode: TerminalDevice.Mode?) throws -> AsyncStream<(columns: UInt16, rows: UInt16)> {
    let signals = try SignalStream.open([Self.windowChanged] + Self.endings)
    let (sizes, continuation) = AsyncStream.makeStream(of: (columns: UInt16, rows: UInt16).self)
    if let size = TerminalDevice.size { continuation.yield(size) }
    Task {
      for await signal in signals {
        if signal == Self.windowChanged {
          if let size = TerminalDevice.size { continuation.yield(size) }
        } else {
          mode?.restore()
          endProcess(128 + signal)
        }
      }
    }
    return sizes
  }
}
