import CLinux

/// A process that joins a pid namespace with others in it is set up outside of it and born into it at the very end: whoever in there
/// holds CAP_SYS_PTRACE reads /proc/PID/root, descriptors and memory of everything it sees, dumpable or not. What it gets to see has the
/// container's root, no descriptor but its streams, and no capability more than the container.
extension Interpreter {
  /// Whether a process of the program is still to be born: `born` makes it.
  var joins: Bool { context.pidTarget >= 0 }

  /// The position that the birth comes before. What is born has its filter already: nobody in there gets to trace it without. The filter
  /// therefore has to let clone(2), exit_group(2), and the channel's read and write through.
  static func birth(in operations: [SetupOperation]) -> Int {
    operations.firstIndex {
      switch $0 {
      case .awaitStart, .execute, .pause: true
      default: false
      }
    } ?? operations.count
  }

  /// The child goes on with the program; this process ends here.
  mutating func bear() throws(CallError) {
    try seal()
    let pid = try check(cl_clone_sibling(), "clone", "into the pid namespace")
    if pid > 0 {
      channel.send(born: pid)
      cl_exit_now(0)
    }
    // Not a word before podshim knows whose words they are.
    channel.awaitProceed()
    if startsSession { try check(cl_setsid(), "setsid") }
    if takesTerminal { try check(cl_terminal_control(0), "ioctl", "TIOCSCTTY") }
  }
}
