import CLinux

/// Signals as values instead of ends: one for the life of the process.
public enum SignalStream {
  /// Takes back what the parent blocked: a signal mask survives execve(2), and who starts a program from a thread of libdispatch hands down
  /// one that blocks SIGTERM. To be called on the main thread before there is another one.
  public static func unblockAll() throws(SystemCallError) {
    _ = try kernelCall("pthread_sigmask", on: "the main thread") { cl_signals_unblock() }
  }

  /// The numbers of these signals as they arrive, from now on. To be called once.
  public static func open(_ numbers: [CInt]) throws(SystemCallError) -> AsyncStream<CInt> {
    let pipe = try Pipe()
    // The handler writes as long as the process lives.
    let end = try pipe.writeEnd().duplicate().release()
    let (stream, continuation) = AsyncStream.makeStream(of: CInt.self)
    _ = try pipe.readEnd.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw) {
        for number in (try? readAvailable(pipe.readEnd)) ?? [] { continuation.yield(CInt(number)) }
      }
    }
    for number in numbers { _ = try kernelCall("sigaction", on: "signal \(number)") { cl_signal_to(end, number) } }
    return stream
  }
}
