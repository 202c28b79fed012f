import Glibc
import LinuxSystem
import RuntimeAPI

/// The files a sandbox shares with its containers: hostname, hosts, resolv.conf, and the mount point of /dev/shm.
extension PodRuntime {
  func writeSandboxFiles(_ config: SandboxConfig, directory: String) throws(SystemCallError) {
    // The root of a user namespace is nobody here, and mounts what is in it.
    try makeDirectory(directory, mode: config.securityContext.namespaces.user?.mode == .pod ? 0o711 : 0o700)
    try makeDirectory("\(directory)/shm", mode: 0o1777)
    try writeFile("\(directory)/hostname", Self.hostname(config) + "\n")
    try writeFile("\(directory)/hosts", (try? readFile("/etc/hosts")) ?? "127.0.0.1\tlocalhost\n")
    try writeFile("\(directory)/resolv.conf", config.dns.map(Self.resolvConf) ?? (try? readFile(settings.resolvConf)) ?? "")
  }

  /// What goes into these files stays in its line: a newline in a DNS option would be a setting of its own.
  static func checkLines(_ config: SandboxConfig) throws(RuntimeError) {
    let dns = config.dns
    for text in [config.hostname] + (dns?.servers ?? []) + (dns?.searches ?? []) + (dns?.options ?? [])
    where text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
      throw RuntimeError(
        .invalidArgument, "'\(text)' has a space or a control character: it cannot be a host name or a DNS setting")
    }
  }

  /// A sandbox with the host's network has the host's UTS namespace too.
  static func hostname(_ config: SandboxConfig) -> String {
    config.securityContext.namespaces.network == .node || config.hostname.isEmpty ? hostName() : config.hostname
  }

  /// Source: resolv.conf(5).
  static func resolvConf(_ dns: DNSConfig) -> String {
    var text = ""
    if !dns.searches.isEmpty { text += "search \(dns.searches.joined(separator: " "))\n" }
    for server in dns.servers { text += "nameserver \(server)\n" }
    if !dns.options.isEmpty { text += "options \(dns.options.joined(separator: " "))\n" }
    return text
  }
}
