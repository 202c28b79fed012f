import OCISpec

/// Where a container may have mounts. Source: runc, libcontainer `checkProcMount` and its list; path_resolution(7).
enum MountDestination {
  /// Files of procfs that LXCFS and its kind bind their own versions on.
  private static let procFiles: Set<String> = [
    "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
    "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
  ]

  static func check(_ mount: MountSpec) throws(LinuxRuntimeError) {
    let destination = mount.destination
    guard destination.hasPrefix("/") else {
      throw LinuxRuntimeError(.invalidSpec, "mount destination '\(destination)' is not absolute")
    }
    guard destination.utf8.count < 4096, (mount.source ?? "").utf8.count < 4096 else {
      throw LinuxRuntimeError(
        .invalidSpec, "the path of a mount has more than the kernel's 4095 bytes: '\(destination.prefix(100))...'")
    }
    let path = normal(destination)
    if path == "/" {
      throw LinuxRuntimeError(
        .invalidSpec, "a mount on '\(destination)' would hide the container's root from its process and not from commands run in it"
      )
    }
    guard path == "/proc" || path.hasPrefix("/proc/"), !(path == "/proc" && mount.type == "proc"), !procFiles.contains(path) else {
      return
    }
    // The host's own /proc, for a node agent.
    if path == "/proc", let source = mount.source, normal(source) == "/proc" { return }
    throw LinuxRuntimeError(
      .invalidSpec,
      "a mount on '\(destination)' is not allowed: programs would take its files for the kernel's. Mount it elsewhere")
  }

  /// Without empty and `.` components, and with `..` taken back.
  private static func normal(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
