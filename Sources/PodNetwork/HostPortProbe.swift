import LinuxSystem

/// Whether a process of the host already listens on a port: found out by binding it.
enum HostPortProbe {
  static func check(_ mapping: HostPortMapping) throws(PodNetworkError) {
    let stream = mapping.transport == .tcp
    // SCTP needs a kernel module; binding it for a test would load that.
    guard mapping.transport != .sctp else { return }
    do throws(SystemCallError) {
      try PortBinding.test(port: mapping.hostPort, address: mapping.hostIP, stream: stream)
    } catch {
      guard error.code == 98 else { return }  // only EADDRINUSE speaks of another listener
      let holder = PortBinding.holder(port: mapping.hostPort, stream: stream).map { " by \($0)" } ?? ""
      throw PodNetworkError(.portTaken, "host port \(mapping.description) is in use\(holder) on this host")
    }
  }
}
