import Glibc
import LinuxSystem
import RuntimeAPI

/// The files a sandbox shares with its containers: hostname, hosts, resolv.conf, and the mount point of /dev/shm.
extension PodRuntime {
  func writeSandboxFiles(_ config: SandboxConfig, directory: String) throws(SystemCallError) {
    try makeDirectory(directory, mode: 0o700)
    try makeDirectory("\(directory)/shm", mode: 0o1777)
    try writeFile("\(directory)/hostname", Self.hostname(config) + "\n")
    try writeFile("\(directory)/hosts", (try? readFile("/etc/hosts")) ?? "127.0.0.1\tlocalhost\n")
    try writeFile("\(directory)/resolv.conf", config.dns.map(Self.resolvConf) ?? (try? readFile(settings.resolvConf)) ?? "")
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
