import KubeModel
import NIOCore
import NIOPosix
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("Probes over TLS and gRPC") struct SecureProbeTests {
  func run(_ probe: Probe, podIP: String = "127.0.0.1") async -> ProbeResult {
    let prober = Prober(runtime: FakeRuntime(now: { 0 }), group: ProbeServers.group)
    return await prober.run(probe, .test("app"), id: ContainerID("c"), podIP: podIP)
  }

  func https(_ server: any Channel, path: String = "/") -> Probe {
    Probe(
      httpGet: HTTPGetAction(port: .int(Int32(server.localAddress?.port ?? 0)), path: path, scheme: "HTTPS"), timeoutSeconds: 200)
  }

  @Test("an HTTPS probe speaks TLS and does not verify", .timeLimit(.minutes(5)), arguments: [2...2, 2...3, 3...3])
  func tls(versions: ClosedRange<Int>) async throws {
    let paths = Mutex<[String]>([])
    let server = try await ProbeServers.http(tls: versions) { path, _ in
      paths.withLock { $0.append(path) }
      return (path == "/sick" ? 500 : 200, nil)
    }
    #expect(await run(https(server, path: "/healthz?a=b")) == .success("ok"))
    #expect(await run(https(server, path: "/sick")) == .failure("HTTP probe failed with statuscode: 500"))
    #expect(paths.withLock { $0 } == ["/healthz?a=b", "/sick"])
    try await server.close()
  }

  @Test("an HTTPS probe of a server without TLS, with an old TLS, or that hangs fails", .timeLimit(.minutes(5)))
  func refused() async throws {
    for server in [
      try await ProbeServers.http { _, _ in (200, nil) }, try await ProbeServers.http(tls: 0...1) { _, _ in (200, nil) },
    ] {
      let result = await run(https(server))
      guard case .failure(let message) = result else {
        Issue.record("\(result)")
        continue
      }
      #expect(message.hasPrefix("Get \"https://127.0.0.1:"))
      try await server.close()
    }
    let silent = try await ProbeServers.silent()
    var probe = https(silent)
    probe.timeoutSeconds = 1
    let result = await run(probe)
    if case .failure(let message) = result {
      #expect(message.contains("context deadline exceeded"))
    } else {
      Issue.record("\(result)")
    }
    try await silent.close()
  }

  @Test("a redirect to another scheme, port and path of the same host is followed", .timeLimit(.minutes(5)))
  func redirects() async throws {
    let hosts = Mutex<[String]>([])
    let secure = try await ProbeServers.http(tls: 2...3) { path, host in
      hosts.withLock { $0.append(host) }
      return path == "/a/ready" ? (200, nil) : (404, nil)
    }
    let port = secure.localAddress?.port ?? 0
    let plain = try await ProbeServers.http { path, _ in
      switch path {
      case "/": (302, "a/b/../next")
      case "/a/next": (307, "https://127.0.0.1:\(port)/a/x/../ready")
      case "/away": (301, "http://example.invalid/")
      case "/loop": (302, "/loop")
      case "/odd": (302, "ftp://127.0.0.1/")
      default: (304, nil)
      }
    }
    func probe(_ path: String) -> Probe {
      Probe(httpGet: HTTPGetAction(port: .int(Int32(plain.localAddress?.port ?? 0)), path: path), timeoutSeconds: 200)
    }
    #expect(await run(probe("/")) == .success("ok"))
    #expect(hosts.withLock { $0 } == ["127.0.0.1:\(port)"])
    #expect(await run(probe("/away")) == .warning("Probe terminated redirects, Response body: ok"))
    #expect(await run(probe("/unchanged")) == .warning("Probe terminated redirects, Response body: "))
    for path in ["/loop", "/odd"] {
      let result = await run(probe(path))
      guard case .failure = result else {
        Issue.record("\(path): \(result)")
        continue
      }
    }
    try await plain.close()
    try await secure.close()
  }

  @Test(
    "a gRPC probe asks for its service; only SERVING is healthy", .timeLimit(.minutes(5)),
    arguments: [
      ("", [0x08, 1] as [UInt8]?, "0", ProbeResult.success("service healthy")),
      ("web", [0x08, 1], "0", .success("service healthy")),
      ("", [0x08, 2], "0", .failure("service unhealthy (responded with \"NOT_SERVING\")")),
      ("", [], "0", .failure("service unhealthy (responded with \"UNKNOWN\")")),
      ("", nil, "5", .failure("error: health rpc probe failed: code 5: m")),
      ("", nil, "12", .failure("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): m")),
    ])
  func grpc(service: String, message: [UInt8]?, status: String, expected: ProbeResult) async throws {
    let seen = Mutex<[String]>([])
    let server = try await ProbeServers.grpc { path, body in
      seen.withLock { $0 = [path, "\(body)"] }
      return (message, status)
    }
    let port = Int32(server.localAddress?.port ?? 0)
    let result = await run(Probe(grpc: GRPCAction(port: port, service: service), timeoutSeconds: 200))
    #expect(result == expected)
    let name = Array(service.utf8)
    let request = name.isEmpty ? [0, 0, 0, 0, 0] : [0, 0, 0, 0, UInt8(name.count + 2), 0x0A, UInt8(name.count)] + name
    #expect(seen.withLock { $0 } == ["/grpc.health.v1.Health/Check", "\(request)"])
    try await server.close()
  }

  @Test("a gRPC probe of what is no gRPC server fails in time", .timeLimit(.minutes(5))) func notGRPC() async throws {
    for server in [try await ProbeServers.silent(), try await ProbeServers.http { _, _ in (200, nil) }] {
      let port = Int32(server.localAddress?.port ?? 0)
      let result = await run(Probe(grpc: GRPCAction(port: port), timeoutSeconds: 1))
      guard case .failure = result else {
        Issue.record("\(result)")
        continue
      }
      try await server.close()
    }
    #expect(
      await run(Probe(grpc: GRPCAction(port: 1), timeoutSeconds: 200))
        == .failure("error: failed to connect service at \"127.0.0.1:1\": connection refused"))
  }

  @Test("a pod without an address is not looked for on this host", .timeLimit(.minutes(5))) func noAddress() async throws {
    let server = try await ProbeServers.http { _, _ in (200, nil) }
    let port = Int32(server.localAddress?.port ?? 0)
    for probe in [
      Probe(httpGet: HTTPGetAction(port: .int(port))), Probe(tcpSocket: TCPSocketAction(port: .int(port))),
      Probe(grpc: GRPCAction(port: port)),
    ] {
      #expect(await run(probe, podIP: "") == .error("the pod has no IP address"))
    }
    let hook = LifecycleHook(runtime: FakeRuntime(now: { 0 }), group: ProbeServers.group, clock: TestClock().clock)
    let handler = LifecycleHandler(httpGet: HTTPGetAction(port: .int(port)))
    await #expect(throws: KubeletError.self) {
      try await hook.run(handler, .test("app"), id: ContainerID("c"), podIP: "", limit: nil)
    }
    #expect(Pod.test().probeAddress(podIPs: [], node: TestNode.facts) == "")
    try await server.close()
  }

  @Test("an HTTPS hook speaks TLS", .timeLimit(.minutes(5))) func hook() async throws {
    let count = Mutex(0)
    let server = try await ProbeServers.http(tls: 2...3) { _, _ in
      count.withLock { $0 += 1 }
      return (500, nil)
    }
    let hook = LifecycleHook(runtime: FakeRuntime(now: { 0 }), group: ProbeServers.group, clock: TestClock().clock)
    let action = HTTPGetAction(port: .int(Int32(server.localAddress?.port ?? 0)), scheme: "HTTPS")
    try await hook.run(
      LifecycleHandler(httpGet: action), .test("app"), id: ContainerID("c"), podIP: "127.0.0.1", limit: .seconds(200))
    #expect(count.withLock { $0 } == 1)
    try await server.close()
  }

  @Test("a probe that is no longer wanted gives up, wherever it is", .timeLimit(.minutes(5)), arguments: [0, 5, 200])
  func cancelled(milliseconds: Int) async throws {
    let server = try await ProbeServers.silent()
    for probe in [
      https(server), Probe(grpc: GRPCAction(port: Int32(server.localAddress?.port ?? 0))),
      // A black hole: nobody answers there (RFC 5737).
      Probe(tcpSocket: TCPSocketAction(port: 80, host: "192.0.2.1")),
    ] {
      var probe = probe
      // Longer than the test may run.
      probe.timeoutSeconds = 86_400
      let wanted = probe
      let task = Task { await run(wanted) }
      try await Task.sleep(for: .milliseconds(milliseconds))
      task.cancel()
      _ = await task.value
    }
    try await server.close()
  }
}
