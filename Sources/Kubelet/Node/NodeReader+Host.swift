internal import LinuxSystem
public import Logging
internal import NIOCore
internal import NIOPosix
internal import Netlink

extension NodeReader {
  /// Reads this host. The kernel tells when an address or a route changes; capacity is looked at now and then (`NodeWatch`).
  /// - Parameters:
  ///   - resolvConf: path of the resolv.conf pods inherit; empty: none.
  ///   - allocatable: what follows from the capacity.
  public static func ofThisHost(
    resolvConf: String, logger: Logger, allocatable: @escaping @Sendable (inout NodeFacts) -> Void = { _ in }
  ) -> NodeReader {
    NodeReader(
      host: { facts in
        facts.memoryCapacity = HostCapacity.memory ?? facts.memoryCapacity
        facts.milliCPUCapacity = HostCapacity.milliCPU ?? facts.milliCPUCapacity
        if let devices = try? System.enumerateDevices() {
          let addresses = devices.compactMap { device in
            device.address?.ipAddress.map { NodeAddresses.Device(name: device.name, address: $0) }
          }
          facts.hostIPs = NodeAddresses.primary(
            addresses, routes4: (try? readFile("/proc/net/route")) ?? "", routes6: (try? readFile("/proc/net/ipv6_route")) ?? "")
        }
        allocatable(&facts)
      },
      files: { facts in
        if resolvConf.isEmpty { facts.resolvConf = "" } else if let text = try? readFile(resolvConf) { facts.resolvConf = text }
        if let text = try? readFile("/etc/hosts") { facts.hostsFile = text }
      },
      changes: {
        do throws(SystemCallError) {
          let events = try AddressEvents()
          return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
              for await _ in events.changes { continuation.yield() }
              continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
          }
        } catch {
          logger.warning("Changes of the node's addresses are seen late only", metadata: ["error": "\(error)"])
          return nil
        }
      })
  }
}
