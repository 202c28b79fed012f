import KubeModel
import NIOCore
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("HTTP hooks", .timeLimit(.minutes(5))) struct LifecycleHookTests {
  private func run(
    _ get: HTTPGetAction, podIP: String, tell: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws(KubeletError) {
    let hook = LifecycleHook(runtime: FakeRuntime(now: { 0 }), group: ProbeServers.group, clock: .system)
    try await hook.run(LifecycleHandler(httpGet: get), .test("app"), id: ContainerID("c"), podIP: podIP, limit: .seconds(20)) {
      reason, message in tell("\(reason): \(message)")
    }
  }

  @Test("a pod without an address has no hook: least of all one at the node's own loopback")
  func noAddress() async throws {
    let asked = Mutex(0)
    let server = try await ProbeServers.http { _, _ in
      asked.withLock { $0 += 1 }
      return (200, nil)
    }
    let port = Int32(server.localAddress?.port ?? 0)
    await #expect(throws: KubeletError(.hook, "the pod has no IP address")) {
      try await run(HTTPGetAction(port: .int(port)), podIP: Pod.test().probeAddress(podIPs: [], node: TestNode.facts))
    }
    #expect(asked.withLock { $0 } == 0)
    try await server.close()
  }

  @Test("an HTTPS hook of a server without TLS is asked again as HTTP, and that is told; credentials do not go along")
  func fallback() async throws {
    let paths = Mutex<[String]>([])
    let server = try await ProbeServers.http { path, _ in
      paths.withLock { $0.append(path) }
      return (404, nil)
    }
    let port = Int32(server.localAddress?.port ?? 0)
    let told = Mutex<[String]>([])
    try await run(HTTPGetAction(port: .int(port), path: "/bye", scheme: "HTTPS"), podIP: "127.0.0.1") { message in
      told.withLock { $0.append(message) }
    }
    #expect(paths.withLock { $0 } == ["/bye"])
    #expect(
      told.withLock { $0 } == [
        "LifecycleHTTPFallback: request to HTTPS lifecycle hook https://127.0.0.1:\(port)/bye got HTTP response, retry with HTTP succeeded"
      ])
    try await server.close()
  }

  @Test("an HTTPS hook of a server with TLS is HTTPS, and nothing is told")
  func secure() async throws {
    let server = try await ProbeServers.http(tls: 2...3) { _, _ in (200, nil) }
    let told = Mutex<[String]>([])
    try await run(
      HTTPGetAction(port: .int(Int32(server.localAddress?.port ?? 0)), scheme: "HTTPS"), podIP: "127.0.0.1"
    ) { message in
      told.withLock { $0.append(message) }
    }
    #expect(told.withLock { $0 } == [])
    try await server.close()
  }
}
