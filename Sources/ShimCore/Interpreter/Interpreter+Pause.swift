import CLinux

extension Interpreter {
  /// The sandbox's own process: holds its namespaces, reaps what PID 1 must reap, ends on SIGTERM or SIGINT. Never returns.
  func pause() {
    let mask = Signal.bit(Signal.terminate) | Signal.bit(Signal.interrupt) | Signal.bit(Signal.child)
    _ = cl_block_signals(mask)
    _ = unsafe cl_set_name("pause")
    unsafe cl_set_arguments("pause")
    channel.send(.pausing)
    // What the set-up left would stay with every pod for its life. Nothing below allocates.
    if maps >= 0 { cl_forget_memory(maps) }
    _ = cl_close_range(0, UInt32.max, 0)
    while true {
      let signal = cl_wait_signal(mask)
      if signal == Signal.terminate || signal == Signal.interrupt { cl_exit_now(0) }
      var ended = cl_exit()
      while true {
        let pid = cl_peek_exited_child()
        if pid <= 0 { break }
        _ = unsafe cl_wait_pid(pid, &ended)
      }
    }
  }
}
