import Glibc
public import LinuxSystem

/// What happens to links of the network namespace in which the calling thread was when this was made.
public final class LinkEvents: Sendable {
  private let descriptor: OwnedDescriptor

  public init() throws(SystemCallError) { descriptor = try NetlinkGroups.join(NetlinkGroups.links) }

  /// Waits until something happens to some link, or the time is over. What happened is to be looked up: events can be lost.
  public func wait(atMost limit: Duration) {
    let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    descriptor.withRaw { raw in
      var wait = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&wait, 1, CInt(clamping: max(0, milliseconds))) > 0 else { return }
      NetlinkGroups.drain(raw)
    }
  }
}
