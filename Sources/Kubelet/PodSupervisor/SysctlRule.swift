internal import KubeModel

/// Which sysctls a pod may set here: those that harm nobody else, and what the node's owner allows. Source: kubelet sysctl/allowlist.go.
enum SysctlRule {
  static let safe: Set<String> = [
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
  ]

  /// - Parameter allowed: `allowedUnsafeSysctls`: names, or beginnings that end in `*`.
  /// - Returns: why the pod is refused.
  static func fault(_ pod: Pod, allowed: [String]) -> String? {
    for sysctl in pod.spec.securityContext?.sysctls ?? [] {
      let name = canonical(sysctl.name)
      let quoted = "\"\(name.clipped(to: 128))\""
      let isAllowed =
        safe.contains(name)
        || allowed.map(canonical).contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : $0 == name }
      if !isAllowed { return "forbidden sysctl: \(quoted) not allowlisted" }
      if pod.isHostNetwork, name.hasPrefix("net.") { return "forbidden sysctl: \(quoted) not allowed with host net enabled" }
      let ipc =
        name.hasPrefix("kernel.shm") || name.hasPrefix("kernel.msg") || name.hasPrefix("kernel.sem") || name.hasPrefix("fs.mqueue.")
      if pod.spec.hostIPC == true, ipc { return "forbidden sysctl: \(quoted) not allowed with host ipc enabled" }
    }
    return nil
  }

  /// With dots between parts and slashes inside them: the first separator decides. Source: sysctl.d(5).
  static func canonical(_ name: String) -> String {
    guard let first = name.first(where: { $0 == "." || $0 == "/" }), first == "/" else { return name }
    return String(name.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
  }
}
