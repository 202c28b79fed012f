import LinuxSystem

/// Whether a process of the host already listens on a port: found out by binding it.
enum HostPortProbe {
  /// - Parameter families: those the pods have (true: IPv6). A listener of another family keeps its clients.
  static func check(_ mapping: HostPortMapping, families: [Bool]) throws(PodNetworkError) {
    // SCTP needs a kernel module; binding it for a test would load that.
    guard mapping.transport != .sctp else { return }
    let stream = mapping.transport == .tcp
    let addresses = mapping.hostIP.isEmpty ? families.map { $0 ? "::" : "0.0.0.0" } : [mapping.hostIP]
    for address in addresses {
      do throws(SystemCallError) {
        try PortBinding.test(port: mapping.hostPort, address: address, stream: stream)
      } catch {
        guard error.code == 98 else { continue }  // only EADDRINUSE speaks of another listener
        let holder = PortBinding.holder(port: mapping.hostPort, stream: stream).map { " by \($0)" } ?? ""
        throw PodNetworkError(.portTaken, "host port \(mapping.description) is in use\(holder) on this host")
      }
    }
  }
}
