import NIOHTTP1
import OCISpec
import RegistrySupport
import TestSupport
import Testing
@testable import Registry

@Suite("Hosts of a registry", .timeLimit(.minutes(5))) struct HostsTests {
  @Test(
    "URLs of registries",
    arguments: [
      ("https://A.example/v2/x?y=1#f", "https://a.example/v2/x?y=1"), ("http://a:8080", "http://a:8080/"),
      ("https://[::1]:5000/p", "https://[::1]:5000/p"), ("https://a:443/", "https://a/"), ("ftp://a/", nil), ("https://", nil),
      ("https://a:0/", nil), ("https://a:99999/", nil), ("https://u@a/", nil), ("https://a/b c", nil), ("https://a/b\r\nX: y", nil),
      ("https://a\u{e9}/", nil), ("/relative", nil),
    ]) func urls(_ text: String, _ expected: String?)
  {
    #expect(RegistryURL(text)?.description == expected)
  }

  @Test(
    "where a Location leads",
    arguments: [
      ("/x", "https://a:5000/x"), ("//b/x", "https://b/x"), ("http://c/x", "http://c/x"), ("x", nil), ("", nil),
      ("javascript:x", nil),
    ]) func locations(_ location: String, _ expected: String?) throws
  {
    #expect(try #require(RegistryURL("https://a:5000/v2/y")).following(location)?.description == expected)
  }

  @Test(
    "without a directory: TLS, docker.io's own name, and plain HTTP on this machine",
    arguments: [
      ("docker.io", "https://registry-1.docker.io/v2"), ("me.example:5000", "https://me.example:5000/v2"),
      ("localhost:5000", "http://localhost:5000/v2"), ("127.0.0.1:5000", "http://127.0.0.1:5000/v2"),
      ("[::1]:5000", "http://[::1]:5000/v2"),
      ("127.0.0.1:443", "https://127.0.0.1/v2"), ("127.0.0.1.evil.example", "https://127.0.0.1.evil.example/v2"),
    ]) func standard(_ registry: String, _ expected: String) throws
  {
    let hosts = try HostsDirectory(path: nil).hosts(for: registry)
    #expect(hosts.map(\.base.description) == [expected])
  }

  @Test("hosts.toml: mirrors first, then the server, each with its own settings") func hostsFile() throws {
    try ScratchDirectory.with { scratch in
      try scratch.write(
        "docker.io/hosts.toml",
        """
        # a comment
        server = "https://registry-1.docker.io"   # behind a value
        ca = "/etc/server.crt"

        [host."https://mirror.example"]
          capabilities = ["pull", "resolve"]
          ca = ["one.crt", "/abs/two.crt"]
          client = [["c.cert", "c.key"], ["d.pem"]]
          skip_verify = true
          dial_timeout = "3s"
          [host."https://mirror.example".header]
            x-one = "1"
            x-two = ["a", 'b']

        [host."http://plain.example:8080/proxy"]
          capabilities = ["pull"]
          override_path = true
        """)
      let hosts = try HostsDirectory(path: scratch.path).hosts(for: "docker.io")
      #expect(
        hosts.map(\.base.description)
          == ["https://mirror.example/v2", "http://plain.example:8080/proxy", "https://registry-1.docker.io/v2"])
      #expect(hosts.map(\.resolves) == [true, false, true] && hosts.map(\.pulls) == [true, true, true])
      #expect(hosts.map(\.isMirror) == [true, true, false])
      let directory = scratch["docker.io"]
      #expect(hosts[0].profile.authorities == ["\(directory)/one.crt", "/abs/two.crt"])
      #expect(
        hosts[0].profile.clients == [
          .init(certificate: "\(directory)/c.cert", key: "\(directory)/c.key"), .init(certificate: "\(directory)/d.pem", key: nil),
        ])
      #expect(hosts.map(\.profile.skipsVerification) == [true, false, false])
      #expect(
        hosts[0].headers == [.init(name: "x-one", value: "1"), .init(name: "x-two", value: "a"), .init(name: "x-two", value: "b")])
      #expect(hosts[2].profile.authorities == ["/etc/server.crt"])
      // What was meant for one host is not for those it leads to.
      #expect(hosts[0].profile.elsewhere.clients.isEmpty && !hosts[0].profile.elsewhere.skipsVerification)
    }
  }

  @Test(
    "directories are found by host and port, as containerd writes them, then the default",
    arguments: [
      ("me.example:5000", "me.example:5000"), ("me.example:5000", "me.example_5000_"), ("other.example", "_default"),
    ]) func names(_ registry: String, _ directory: String) throws
  {
    try ScratchDirectory.with { scratch in
      try scratch.write("\(directory)/hosts.toml", "[host.\"https://mirror.example\"]\n")
      #expect(try HostsDirectory(path: scratch.path).hosts(for: registry).map(\.name) == ["mirror.example", registry])
    }
  }

  @Test("Docker's certificate files are enough") func certificateFiles() throws {
    try ScratchDirectory.with { scratch in
      for name in ["ca.crt", "me.cert", "me.key"] { try scratch.write("localhost:5000/\(name)", "x") }
      let hosts = try HostsDirectory(path: scratch.path).hosts(for: "localhost:5000")
      let directory = scratch["localhost:5000"]
      #expect(hosts.map(\.base.description) == ["https://localhost:5000/v2"])
      #expect(hosts[0].profile.authorities == ["\(directory)/ca.crt"])
      #expect(hosts[0].profile.clients == [.init(certificate: "\(directory)/me.cert", key: "\(directory)/me.key")])
    }
  }

  @Test(
    "a hosts.toml that is wrong says where",
    arguments: [
      ("server = ", "line 1"), ("\n\n[host", "line 3"), ("server = \"ftp://x\"", "no http or https"), ("a = 1\na = 2", "line 2"),
      ("server = \"https://x\" junk", "more than one thing"), ("a = \"\"\"x\"\"\"", "several lines"),
      ("skip_verify = 1", "true or false"),
      ("[[host]]", "arrays of tables"), ("a = \"\\q\"", "means nothing"), ("a = [1, 2", "']' is missing"), ("a = 1.5", "no string"),
      ("[host]\n\"https://x\" = 1", "no table"), ("ca = [1]", "holds strings"),
    ]) func broken(_ text: String, _ expected: String) throws
  {
    try ScratchDirectory.with { scratch in
      try scratch.write("a/hosts.toml", text)
      #expect { try HostsDirectory(path: scratch.path).hosts(for: "a") } throws: { error in
        (error as? RegistryError)?.code == .configuration && "\(error)".contains(expected) && "\(error)".contains("a/hosts.toml")
      }
    }
  }

  @Test("a mirror that is down, or has not got it, costs nothing but time; it gets no credentials of the registry")
  func mirrors() async throws {
    try await ScriptedServer.with { request in
      request.path.hasSuffix("/absent") ? .init(status: "404 Not Found") : .init(status: "503 Down")
    } _: { mirror in
      try await ScriptedServer.with { request in
        request.headers.contains(name: "authorization")
          ? .json(manifestText) : .init(status: "401 Unauthorized", headers: [("WWW-Authenticate", "Basic realm=\"r\"")])
      } _: { server in
        try await ScratchDirectory.with { scratch in
          try scratch.write(
            "me.example/hosts.toml",
            """
            server = "http://127.0.0.1:\(server.port)"
            [host."http://127.0.0.1:\(mirror.port)"]
            [host."http://127.0.0.1:\(mirror.port)".header]
            x-mirror = "yes"
            """)
          try await withSession("me.example", credential: basic("me", "secret"), settings: testSettings(hosts: scratch.path)) {
            session in
            _ = try await session.manifest("down")
            _ = try await session.manifest("absent")
          }
          #expect(
            mirror.seen.map(\.target) == [
              "/v2/app/manifests/down?ns=me.example", "/v2/app/manifests/down?ns=me.example",
              "/v2/app/manifests/absent?ns=me.example",
            ])
          #expect(
            mirror.seen.allSatisfy { !$0.headers.contains(name: "authorization") && $0.headers.first(name: "x-mirror") == "yes" })
          #expect(server.seen.allSatisfy { !$0.headers.contains(name: "x-mirror") && !$0.target.contains("?") })
        }
      }
    }
  }

  @Test("a host that may not resolve is not asked for tags, only for what has a digest") func capabilities() async throws {
    let digest = Digest.of(Array(manifestText.utf8))
    try await ScriptedServer.with { _ in
      .json(manifestText)
    } _: { mirror in
      try await ScriptedServer.with { _ in
        .json(manifestText)
      } _: { server in
        try await ScratchDirectory.with { scratch in
          try scratch.write(
            "me.example/hosts.toml",
            "server = \"http://127.0.0.1:\(server.port)\"\n[host.\"http://127.0.0.1:\(mirror.port)\"]\ncapabilities = [\"pull\"]\n")
          try await withSession("me.example", settings: testSettings(hosts: scratch.path)) { session in
            _ = try await session.manifest("latest")
            _ = try await session.manifest(digest)
          }
          #expect(server.seen.map(\.path) == ["/v2/app/manifests/latest"])
          #expect(mirror.seen.map(\.path) == ["/v2/app/manifests/\(digest)"])
        }
      }
    }
  }

  @Test("what a mirror said is told too when the registry fails") func errorsOfAll() async throws {
    try await ScriptedServer.with { _ in
      .init(status: "403 Forbidden")
    } _: { mirror in
      try await ScriptedServer.with { _ in
        .init(status: "404 Not Found")
      } _: { server in
        try await ScratchDirectory.with { scratch in
          try scratch.write(
            "me.example/hosts.toml",
            "server = \"http://127.0.0.1:\(server.port)\"\n[host.\"http://127.0.0.1:\(mirror.port)\"]\n")
          try await withSession("me.example", settings: testSettings(hosts: scratch.path)) { session in
            let text = await registryFailure { _ = try await session.manifest("latest") }?.description ?? ""
            #expect(text.contains("HTTP 403") && text.contains("HTTP 404"))
            #expect(text.contains(mirror.registry) && text.contains(server.registry))
          }
        }
      }
    }
  }
}
