import CLinux

/// What child and podshim say to each other over a SOCK_SEQPACKET pair while the program runs. End of file after `executing` means that
/// execve succeeded (the descriptor is close-on-exec); without it the child died in set-up.
public enum ChildMessage: UInt8 {
  /// podshim -> child: id maps are written; or: start.
  case proceed = 1
  /// child -> podshim: the program reached `awaitStart`.
  case created = 2
  /// child -> podshim: execve is next.
  case executing = 3
  /// child -> podshim: pause runs.
  case pausing = 4
  /// child -> podshim: an encoded `SetupFailure` follows; the child exits.
  case failed = 5
  /// child -> podshim: the controlling side of the terminal is attached.
  case terminal = 6
  /// set-up child -> podshim: the process that goes on with the program, as a pid (u32); this one ends.
  case born = 7
  /// child -> podshim: a procfs of its new pid namespace, attached nowhere.
  case procfs = 8
}

struct ChildChannel {
  let raw: Int32

  func send(_ message: ChildMessage) {
    let bytes = [message.rawValue]
    _ = unsafe cl_write(raw, bytes, 1)
  }

  func send(_ failure: SetupFailure) {
    var writer = ByteWriter()
    writer.integer(ChildMessage.failed.rawValue)
    writer.failure(failure)
    _ = unsafe cl_write(raw, writer.bytes, writer.bytes.count)
  }

  func send(born pid: Int32) {
    var writer = ByteWriter()
    writer.integer(ChildMessage.born.rawValue)
    writer.integer(pid)
    _ = unsafe cl_write(raw, writer.bytes, writer.bytes.count)
  }

  func send(_ message: ChildMessage, descriptor: Int32) throws(CallError) {
    let bytes = [message.rawValue]
    let descriptors = [descriptor]
    try check(unsafe cl_send_descriptors(raw, bytes, 1, descriptors, 1), "sendmsg", "to podshim")
  }

  /// Waits for `proceed`. Ends the process when podshim is gone: nobody would ever start it.
  func awaitProceed() {
    var bytes: [UInt8] = [0]
    while true {
      let count = unsafe cl_read(raw, &bytes, 1)
      if count == 1 { return }
      if count != Int64(-Errno.interrupted) { cl_exit_now(127) }
    }
  }
}
