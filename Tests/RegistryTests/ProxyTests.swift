import NIOHTTP1
import RegistrySupport
import TestSupport
import Testing

@testable import Registry

@Suite("Proxies to registries", .timeLimit(.minutes(5))) struct ProxyTests {
  private static func place(_ environment: [String: String], _ url: String) throws -> String? {
    try ProxySettings(environment: environment).proxy(for: try #require(RegistryURL(url)))?.url.authority
  }

  @Test(
    "what goes through a proxy is what the environment says",
    arguments: [
      ("https://a.example/", "", "s.example:3128"), ("http://a.example/", "", "p.example:8080"), ("https://a.example/", "*", nil),
      ("https://a.example/", "b.example, a.example", nil), ("https://x.a.example/", "a.example", nil),
      ("https://a.example/", ".a.example", "s.example:3128"), ("https://x.a.example/", "*.a.example", nil),
      ("https://xa.example/", "a.example", "s.example:3128"), ("https://a.example:5000/", "a.example:5000", nil),
      ("https://a.example/", "a.example:5000", "s.example:3128"), ("https://10.1.2.3/", "10.1.0.0/16", nil),
      ("https://10.2.2.3/", "10.1.0.0/16", "s.example:3128"), ("https://10.1.2.3/", "10.1.2.3", nil),
      ("https://[fd00::5]/", "fd00::/8", nil), ("https://[fe00::5]/", "fd00::/8", "s.example:3128"),
      ("https://10.1.2.3/", "0.0.0.0/0", nil), ("https://localhost:5000/", "", nil), ("http://127.0.0.1:5000/", "", nil),
      ("http://[::1]:5000/", "", nil),
    ]) func environment(_ url: String, _ exceptions: String, _ expected: String?) throws
  {
    let environment = [
      "HTTPS_PROXY": "http://s.example:3128", "http_proxy": "p.example:8080", "NO_PROXY": "", "no_proxy": exceptions,
    ]
    #expect(try Self.place(environment, url) == expected)
  }

  @Test("a proxy's user is shown to it and in no message; what is no proxy is said when it is needed") func parts() throws {
    let settings = ProxySettings(environment: ["HTTPS_PROXY": "http://me:p%40ss@s.example:1", "HTTP_PROXY": "socks5://x:1"])
    let proxy = try settings.proxy(for: try #require(RegistryURL("https://a.example/")))
    #expect(proxy?.authorization == RegistryCredential.basicHeader(user: "me", password: "p@ss"))
    #expect(throws: HTTPFailure.self) { try settings.proxy(for: try #require(RegistryURL("http://a.example/"))) }
    #expect(try ProxySettings().proxy(for: try #require(RegistryURL("https://a.example/"))) == nil)
  }

  @Test("without TLS the proxy is asked for the whole address") func plain() async throws {
    try await ScriptedServer.with { _ in
      .json(manifestText)
    } _: { proxy in
      try await ScratchDirectory.with { scratch in
        try scratch.write("registry.test/hosts.toml", "server = \"http://registry.test:5000\"\n")
        var settings = testSettings(hosts: scratch.path)
        settings.proxies = ProxySettings(environment: ["HTTP_PROXY": "http://me:secret@\(proxy.registry)"])
        try await withSession("registry.test", settings: settings) { session in
          _ = try await session.manifest("v1")
          let seen = try #require(proxy.seen.first)
          #expect(seen.target == "http://registry.test:5000/v2/app/manifests/v1")
          #expect(seen.headers.first(name: "host") == "registry.test:5000")
          #expect(
            seen.headers.first(name: "proxy-authorization") == RegistryCredential.basicHeader(user: "me", password: "secret"))
        }
      }
    }
  }

  @Test("a proxy that refuses the tunnel is named, without its password") func refused() async throws {
    try await TunnelProxy.with(to: 1, refusal: "407 Who are you") { proxy in
      var settings = testSettings()
      settings.proxies = ProxySettings(environment: ["HTTPS_PROXY": "http://me:secret@127.0.0.1:\(proxy.port)"])
      try await withSession("registry.test:5000", settings: settings) { session in
        let failure = await registryFailure { _ = try await session.manifest("v1") }
        #expect(failure?.code == .unavailable)
        #expect(failure?.description.contains("no tunnel through proxy 127.0.0.1:\(proxy.port): it answers 'HTTP/1.1 407") == true)
        #expect(failure?.description.contains("secret") == false)
        #expect(proxy.seen.first?.hasPrefix("CONNECT registry.test:5000 HTTP/1.1\r\n") == true)
      }
    }
  }
}
