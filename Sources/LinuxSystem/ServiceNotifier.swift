import CLinux
import Glibc

/// Tells systemd what the service does. Source: sd_notify(3): one datagram to the socket in NOTIFY_SOCKET.
public enum ServiceNotifier {
  /// Sends a state such as `READY=1` or `STOPPING=1`; does nothing when the process was not started by systemd.
  public static func send(_ state: String) {
    guard let raw = unsafe getenv("NOTIFY_SOCKET") else { return }
    let path = unsafe String(cString: raw)
    _ = unsafe cl_notify(path, state)
  }
}
