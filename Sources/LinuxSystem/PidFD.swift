import CLinux
import Glibc

/// A process, held so that its number cannot be taken by another one.
public final class PidFD: Sendable {
  private let descriptor: OwnedDescriptor
  /// The process id in this pid namespace, for messages and /proc paths only: signals go through the descriptor.
  public let pid: Int32

  init(adopting raw: CInt, pid: Int32) {
    descriptor = OwnedDescriptor(adopting: raw)
    self.pid = pid
  }

  /// pidfd_open(2). Throws ESRCH when there is no such process.
  public init(opening pid: Int32) throws(SystemCallError) {
    descriptor = OwnedDescriptor(adopting: try kernelCall("pidfd_open", on: "pid \(pid)") { cl_pidfd_open(pid, 0) })
    self.pid = pid
  }

  public func withRaw<R, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R { try descriptor.withRaw(body) }

  /// pidfd_send_signal(2); a process that is gone is not an error.
  public func signal(_ number: CInt) throws(SystemCallError) {
    do {
      _ = try descriptor.withRaw { raw throws(SystemCallError) in
        try kernelCall("pidfd_send_signal", on: "pid \(pid), signal \(number)") { cl_pidfd_send_signal(raw, number) }
      }
    } catch {
      if error.code != ESRCH { throw error }
    }
  }

  /// Whether the process has ended (zombie or gone).
  public var hasExited: Bool {
    descriptor.withRaw { raw in
      var poller = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&poller, 1, 0) > 0
    }
  }

  /// Reaps the process if it is our child and has ended. Never blocks.
  public func reap() {
    descriptor.withRaw { raw in
      var info = unsafe siginfo_t()
      _ = unsafe waitid(idtype_t(3 /* P_PIDFD */), id_t(raw), &info, WEXITED | WNOHANG)
    }
  }

  /// Calls `body` once when the process has ended, and was reaped when it is our child: on the descriptor thread, which it must not block.
  public func onExit(_ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
    let token = DescriptorMonitor.shared.makeToken()
    try descriptor.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw, as: token) { [self] in
        descriptor.withRaw { raw in DescriptorMonitor.shared.remove(token, raw) }
        reap()
        body()
      }
    }
  }

  /// Returns when the process has ended, and reaps it when it is our child.
  public func waitForExit() async throws(SystemCallError) {
    let result: Result<Void, SystemCallError> = await withCheckedContinuation { continuation in
      do throws(SystemCallError) {
        try onExit { continuation.resume(returning: .success(())) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    try result.get()
  }
}
