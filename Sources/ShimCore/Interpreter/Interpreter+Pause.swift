import CLinux

extension Interpreter {
  /// The sandbox's own process: holds its namespaces, reaps what PID 1 must reap, ends on SIGTERM or SIGINT. Never returns.
  func pause() -> Never {
    let mask = Signal.bit(Signal.terminate) | Signal.bit(Signal.interrupt) | Signal.bit(Signal.child)
    _ = cl_block_signals(mask)
    _ = unsafe cl_set_name("pause")
    unsafe cl_set_arguments("pause")
    channel.send(.pausing)
    // What the set-up left would stay with every pod for its life.
    cl_pause(maps, mask)
  }
}
