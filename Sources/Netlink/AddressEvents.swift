public import LinuxSystem

/// Says that addresses or routes of the network namespace changed in which the calling thread was when this was made: without a thread or
/// a timer of its own. Several changes are one element; which they were is to be looked up.
public final class AddressEvents: Sendable {
  /// One reader.
  public let changes: AsyncStream<Void>
  private let descriptor: SharedDescriptor
  private let token: DescriptorMonitor.Token

  public init() throws(SystemCallError) {
    let descriptor = SharedDescriptor(try NetlinkGroups.join(NetlinkGroups.addressesAndRoutes))
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.descriptor = descriptor
    changes = stream
    token = try descriptor.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw) {
        descriptor.withRaw { NetlinkGroups.drain($0) }
        continuation.yield()
      }
    }
  }

  deinit { descriptor.withRaw { DescriptorMonitor.shared.remove(token, $0) } }
}
