import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Files that a sandbox shares with its containers") struct SandboxFilesTests {
  private func config(hostname: String = "", dns: DNSConfig? = nil) -> SandboxConfig {
    SandboxConfig(
      metadata: SandboxMetadata(name: "p", uid: "u", namespace: "n"), hostname: hostname, logDirectory: "", dns: dns)
  }

  @Test("resolv.conf has a line for what is asked for, and none for what is not") func resolvConf() {
    #expect(PodRuntime.resolvConf(DNSConfig()) == "")
    let dns = DNSConfig(
      servers: ["192.0.2.1", "2001:db8::1"], searches: ["a.example", "b.example"], options: ["ndots:5", "edns0"])
    #expect(
      PodRuntime.resolvConf(dns)
        == "search a.example b.example\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions ndots:5 edns0\n")
  }

  @Test(
    "nothing that goes into them ends its line, or is more than one word",
    arguments: ["a\nnameserver 192.0.2.66", "a b", "a\t", "\r", "\u{7f}", "a\u{0}"])
  func lines(_ text: String) throws {
    let bad = [
      config(hostname: text), config(dns: DNSConfig(servers: [text])), config(dns: DNSConfig(searches: ["ok", text])),
      config(dns: DNSConfig(options: [text])),
    ]
    for config in bad {
      let error = #expect(throws: RuntimeError.self) { try PodRuntime.checkLines(config) }
      #expect(error?.code == .invalidArgument)
    }
    try PodRuntime.checkLines(config(hostname: "web-0", dns: DNSConfig(servers: ["::1"], searches: ["."], options: ["ndots:2"])))
  }

  @Test("the host name is the node's in its network, or when none is asked for") func hostname() {
    #expect(PodRuntime.hostname(config(hostname: "web")) == "web")
    let own = PodRuntime.hostname(config())
    #expect(!own.isEmpty)
    var host = config(hostname: "web")
    host.securityContext.namespaces.network = .node
    #expect(PodRuntime.hostname(host) == own)
  }
}
