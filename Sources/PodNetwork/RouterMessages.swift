import LinuxSystem

/// What routers tell hosts unasked, in router advertisements and redirects: addresses, routes, name servers. On links whose other ends are
/// pods nobody may tell (CVE-2020-10749). Source: ip-sysctl.rst.
enum RouterMessages {
  /// Makes an interface of the calling thread's network namespace deaf to them, before it is up.
  static func refuse(on interface: String) throws(SystemCallError) {
    let six = "ipv6/conf/\(interface)"
    // Nothing of this is there on a kernel without IPv6, or with it switched off.
    for (name, value) in [("accept_ra", "0"), ("accept_redirects", "0"), ("autoconf", "0"), ("router_solicitations", "0")] {
      try Sysctl.setIfPresent("\(six)/\(name)", value)
    }
    try Sysctl.setIfPresent("ipv4/conf/\(interface)/accept_redirects", "0")
  }
}
