import LinuxSystem
import Netlink

/// Forwarding between the host's links. It is switched on and stays: whoever else needs it (Docker, virtual machines, a VPN) may have found
/// it on and relies on it, and nobody can tell.
enum Forwarding {
  static func enable(_ networks: [IPNetwork]) throws(SystemCallError) {
    if networks.contains(where: { !$0.address.isV6 }) { try Sysctl.set("ipv4/ip_forward", "1") }
    guard networks.contains(where: \.address.isV6), Sysctl.read("ipv6/conf/all/forwarding") != "1" else { return }
    // A forwarding host is a router and no longer listens to others: it would lose the address and the default route that it has from an
    // advertisement, in this moment. 2 means: listen all the same. Source: ip-sysctl.rst, accept_ra.
    for interface in try listDirectory("/proc/sys/net/ipv6/conf") where !["all", "default", "lo"].contains(interface) {
      if Sysctl.read("ipv6/conf/\(interface)/accept_ra") == "1" { try Sysctl.set("ipv6/conf/\(interface)/accept_ra", "2") }
    }
    try Sysctl.set("ipv6/conf/all/forwarding", "1")
  }
}
