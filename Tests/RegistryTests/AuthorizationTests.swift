import NIOHTTP1
import OCISpec
import RegistrySupport
import TestSupport
import Testing
@testable import Registry

@Suite("Authorization at registries", .timeLimit(.minutes(5))) struct AuthorizationTests {
  private static let manifest = ScriptedServer.Answer.json(manifestText)

  @Test(
    "challenges are read as registries write them",
    arguments: [
      (["Basic realm=\"x\""], [Challenge.basic]),
      (
        ["Bearer realm=\"https://a/token\",service=\"a\",scope=\"repository:x:pull\""],
        [.bearer(realm: "https://a/token", service: "a", scope: "repository:x:pull")]
      ),
      (
        ["bearer  realm = \"https://a/t?x=\\\"y\\\"\" , service=b"],
        [.bearer(realm: "https://a/t?x=\"y\"", service: "b", scope: nil)]
      ),
      (["Negotiate, Basic realm=x, Bearer realm=\"http://b\""], [.basic, .bearer(realm: "http://b", service: nil, scope: nil)]),
      (["Negotiate abc==", "Basic realm=\"q\""], [.basic]),
      (["Bearer service=\"no realm\""], []), (["", ",,,", "=", "\""], []),
    ]) func challenges(_ headers: [String], _ expected: [Challenge])
  {
    #expect(Challenge.parse(headers) == expected)
  }

  @Test("basic: a password is shown when it is asked for, and only then") func basicOnce() async throws {
    try await ScriptedServer.with { request in
      request.headers.contains(name: "authorization")
        ? Self.manifest : .init(status: "401 Unauthorized", headers: [("WWW-Authenticate", "Basic realm=\"r\"")])
    } _: { server in
      try await withSession(server.registry, credential: basic("me", "secret")) { session in
        _ = try await session.manifest("latest")
        _ = try await session.manifest("latest")
        #expect(server.seen.map { $0.headers.first(name: "authorization") } == [nil, "Basic bWU6c2VjcmV0", "Basic bWU6c2VjcmV0"])
      }
    }
  }

  @Test("a wrong password is one error, which names registry, user and status, and no loop") func refused() async throws {
    try await ScriptedServer.with { _ in
      .json(
        #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#, status: "401 Unauthorized",
        [("WWW-Authenticate", "Basic realm=\"r\"")])
    } _: { server in
      try await withSession(server.registry, credential: basic("me", "wrong-secret")) { session in
        let failure = await registryFailure { _ = try await session.manifest("latest") }
        #expect(failure?.code == .denied && failure?.status == 401)
        let text = failure?.description ?? ""
        #expect(text.contains(server.registry) && text.contains("user me") && text.contains("HTTP 401"))
        #expect(text.contains("authentication required") && !text.contains("wrong-secret"))
        #expect(server.seen.count == 2)
      }
    }
  }

  @Test("without credentials the error says so") func anonymous() async throws {
    try await ScriptedServer.with { _ in
      .init(status: "401 Unauthorized", headers: [("WWW-Authenticate", "Basic realm=\"r\"")])
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = await registryFailure { _ = try await session.manifest("latest") }
        #expect(failure?.description.contains("no credentials") == true)
      }
    }
  }

  @Test("bearer: a token of the service that the registry names, for this repository", arguments: [true, false])
  func bearer(_ hasCredential: Bool) async throws {
    try await ScriptedServer.with { request in
      if request.path == "/token" { return .json(#"{"token":"tok","expires_in":300}"#) }
      if request.headers.first(name: "authorization") == "Bearer tok" { return Self.manifest }
      let host = request.headers.first(name: "host") ?? ""
      return .init(
        status: "401 Unauthorized", headers: [("WWW-Authenticate", "Bearer realm=\"http://\(host)/token\",service=\"s v\"")])
    } _: { server in
      try await withSession(server.registry, path: "a/b", credential: hasCredential ? basic("me", "secret") : nil) { session in
        _ = try await session.manifest("latest")
        #expect(server.seen.map(\.target)[1] == "/token?service=s%20v&scope=repository%3Aa%2Fb%3Apull")
        #expect(server.seen[1].headers.first(name: "authorization") == (hasCredential ? "Basic bWU6c2VjcmV0" : nil))
        #expect(server.seen.count == 3)
      }
    }
  }

  @Test("identity tokens are changed into tokens by a POST") func identityToken() async throws {
    try await ScriptedServer.with { request in
      if request.path == "/token" { return .json(#"{"access_token":"tok"}"#) }
      if request.headers.first(name: "authorization") == "Bearer tok" { return Self.manifest }
      return .init(
        status: "401 Unauthorized",
        headers: [("WWW-Authenticate", "Bearer realm=\"http://\(request.headers.first(name: "host") ?? "")/token\",service=\"s\"")])
    } _: { server in
      try await withSession(server.registry, credential: .init(.identityToken("id&tok"), source: "test")) { session in
        _ = try await session.manifest("latest")
        #expect(server.seen[1].method == "POST")
        #expect(server.seen[1].body.contains("refresh_token=id%26tok") && server.seen[1].body.contains("grant_type=refresh_token"))
      }
    }
  }

  @Test("a registry that refuses each token is asked a bounded number of times") func tokenLoop() async throws {
    try await ScriptedServer.with { request in
      if request.path == "/token" { return .json("{\"token\":\"t\(request.number)\"}") }
      return .init(
        status: "401 Unauthorized",
        headers: [("WWW-Authenticate", "Bearer realm=\"http://\(request.headers.first(name: "host") ?? "")/token\"")])
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = await registryFailure { _ = try await session.manifest("latest") }
        #expect(failure?.code == .denied)
        #expect(server.seen.count <= 5)
      }
    }
  }

  @Test("a token that has expired is replaced once") func expired() async throws {
    try await ScriptedServer.with { request in
      if request.path == "/token" { return .json("{\"token\":\"t\(request.number)\"}") }
      // The first token is good for one request.
      let token = request.headers.first(name: "authorization")
      if token == "Bearer t1", request.number == 2 { return Self.manifest }
      if let token, token != "Bearer t1" { return Self.manifest }
      return .init(
        status: "401 Unauthorized",
        headers: [("WWW-Authenticate", "Bearer realm=\"http://\(request.headers.first(name: "host") ?? "")/token\"")])
    } _: { server in
      try await withSession(server.registry) { session in
        _ = try await session.manifest("latest")
        _ = try await session.manifest("latest")
        #expect(server.seen.filter { $0.path == "/token" }.count == 2)
      }
    }
  }

  @Test("the token service's refusal names the service and whose credentials they were") func tokenRefused() async throws {
    try await ScriptedServer.with { request in
      if request.path == "/token" { return .json(#"{"details":"incorrect username or password"}"#, status: "401 Unauthorized") }
      return .init(
        status: "401 Unauthorized",
        headers: [("WWW-Authenticate", "Bearer realm=\"http://\(request.headers.first(name: "host") ?? "")/token\"")])
    } _: { server in
      try await withSession(server.registry, credential: basic("me", "secret")) { session in
        let failure = await registryFailure { _ = try await session.manifest("latest") }
        #expect(failure?.code == .denied)
        #expect(failure?.description.contains("/token refused the credentials of the test (user me): HTTP 401: incorrect") == true)
      }
    }
  }

  @Test("a redirect to elsewhere gets neither password nor headers, and a 401 from there no answer") func redirects() async throws {
    try await ScriptedServer.with {
      $0.path == "/refuse" ? .init(status: "401 Unauthorized", headers: [("WWW-Authenticate", "Basic realm=\"r\"")]) : Self.manifest
    } _: { other in
      try await ScriptedServer.with { request in
        guard request.headers.contains(name: "authorization") else {
          return .init(status: "401 Unauthorized", headers: [("WWW-Authenticate", "Basic realm=\"r\"")])
        }
        let place = request.path.hasSuffix("/good") ? "/there?sig=1" : "/refuse"
        return .init(status: "307 Temporary Redirect", headers: [("Location", "http://127.0.0.1:\(other.port)\(place)")])
      } _: { server in
        try await withSession(server.registry, credential: basic("me", "secret")) { session in
          _ = try await session.manifest("good")
          let failure = await registryFailure { _ = try await session.manifest("bad") }
          #expect(failure?.code == .denied)
          #expect(other.seen.map(\.path) == ["/there", "/refuse"])
          #expect(other.seen.allSatisfy { !$0.headers.contains(name: "authorization") })
        }
      }
    }
  }

  @Test("redirects end: ten, and none to what is no http") func redirectBounds() async throws {
    try await ScriptedServer.with {
      .init(status: "302 Found", headers: [("Location", "/again\($0.number)")])
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = await registryFailure { _ = try await session.manifest("latest") }
        #expect(failure?.description.contains("more than 10 redirects") == true)
        #expect(server.seen.count == 11)
      }
    }
    try await ScriptedServer.with { _ in
      .init(status: "302 Found", headers: [("Location", "file:///etc/passwd")])
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = await registryFailure { _ = try await session.manifest("latest") }
        #expect(failure?.code == .invalidContent)
      }
    }
  }

  @Test(
    "the entry of config.json that says most about a repository counts",
    arguments: [
      ("docker.io", "library/busybox", "hub"), ("me.example", "team/app", "team"), ("me.example", "other/app", "host"),
      ("a.wild.example", "x", "wild"), ("a.b.wild.example", "x", nil), ("me.example:5000", "x", nil), ("unknown", "x", nil),
    ]) func configFile(_ registry: String, _ path: String, _ user: String?) throws
  {
    try ScratchDirectory.with { scratch in
      // user:password in base64, of hub, team, host and wild.
      let file = try scratch.write(
        "config.json",
        """
        {"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnA="}, "me.example/team": {"auth": "dGVhbTpw"},
         "https://me.example": {"username": "host", "password": "p"}, "*.wild.example": {"auth": "d2lsZDpw"}}, "credsStore": "x"}
        """)
      let credential = try CredentialFile(path: file).credential(registry: registry, path: path)
      #expect(credential?.kind == user.map { .basic(user: $0, password: "p") })
    }
  }

  @Test("a config.json that cannot be read is an error without its contents, an absent one none") func brokenConfigFile() throws {
    try ScratchDirectory.with { scratch in
      #expect(try CredentialFile(path: scratch["none"]).credential(registry: "a", path: "b") == nil)
      let file = try scratch.write("config.json", #"{"auths": {"a": {"auth": "c2VjcmV0" "#)
      #expect { try CredentialFile(path: file).credential(registry: "a", path: "b") } throws: { error in
        let failure = error as? RegistryError
        return failure?.code == .configuration && !"\(error)".contains("c2VjcmV0")
      }
    }
  }

  @Test("what a pull brings along: user and password, identity token, auth, in this order") func pullCredentials() throws {
    func kind(_ user: String = "", _ auth: String = "", _ identity: String = "", _ token: String = "") throws -> RegistryCredential
      .Kind?
    {
      try RegistryCredential(username: user, password: "p", auth: auth, identityToken: identity, registryToken: token, source: "x")?
        .kind
    }
    #expect(try kind("me", "dGVhbTpw", "i") == .basic(user: "me", password: "p"))
    #expect(try kind("", "dGVhbTpw", "i") == .identityToken("i"))
    #expect(try kind("", "dGVhbTpw") == .basic(user: "team", password: "p"))
    #expect(try kind("", "", "", "r") == .registryToken("r"))
    #expect(try kind() == nil)
    #expect(throws: RegistryError.self) { try kind("", "no base64!") }
  }
}
