/// The signals that may stop a container, by name (core/v1 Signal) and by the number of the CRI's enum, which has the same order.
public enum StopSignal {
  /// The first is number 1.
  public static let names: [String] =
    [
      "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO", "SIGIOT",
      "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM",
      "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ",
      "SIGRTMIN",
    ] + (1...15).map { "SIGRTMIN+\($0)" } + (1...14).reversed().map { "SIGRTMAX-\($0)" } + ["SIGRTMAX"]

  /// 0 (the runtime decides) for what is no signal.
  public static func number(_ name: String) -> Int32 { names.firstIndex(of: name).map { Int32($0 + 1) } ?? 0 }

  /// nil for 0 and for what is no signal.
  public static func name(_ number: Int32) -> String? { names.indices.contains(Int(number) - 1) ? names[Int(number) - 1] : nil }
}
