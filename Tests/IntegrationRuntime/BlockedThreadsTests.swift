import CRIClient
import CRIService
import Glibc
import GRPCTransport
import KubeModel
import LinuxSystem
import Logging
import RuntimeAPI
import Testing

@testable import Kubelet
@testable import PodRuntime

/// Code that blocks a cooperative thread is a bug; it must cost its own task, and not the node.
@Suite("Cooperative threads that are blocked", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct BlockedThreadsTests {
  init() { CooperativeThreads.install() }

  @Test("CRI calls through the socket, probes, timers and a start that recovers pods go on while every one of them is blocked")
  func blocked() async throws {
    try await RuntimeFixture.with { fixture in
      let server = CRIServer(
        runtime: fixture.runtime, configuration: .init(socketPath: "\(fixture.base)/cri.sock"), logger: Logger(label: "test"))
      let serving = Task { try await server.run() }
      let runtime = RemoteRuntime(socketPath: "\(fixture.base)/cri.sock")
      let config = fixture.sandboxConfig()
      // As many as there are, and as many again.
      let (isOpen, blocked) = (Monitored(false), Monitored(0))
      let count = CooperativeThreads.count * 2
      let stuck = (0..<count).map { _ in
        Task {
          blocked.broadcast { $0 += 1 }
          _ = isOpen.wait { $0 ? true : nil }
        }
      }
      await runBlocking { _ = blocked.wait { $0 == count ? true : nil } }
      #expect(CooperativeThreads.count > count)

      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      try await runtime.startContainer(id)
      #expect(try await runtime.listContainers(ContainerFilter()).map(\.id) == [id])
      #expect(try await runtime.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      let prober = Prober(runtime: runtime, group: EventLoops.shared)
      let listener = try PortListener()
      let container = KubeModel.Container(name: "c")
      let exec = Probe(exec: ExecAction(command: ["/payload", "hostname"]))
      guard case .success = await prober.run(exec, container, id: id, podIP: "127.0.0.1") else {
        throw RuntimeError(.unknown, "exec")
      }
      let socket = Probe(tcpSocket: TCPSocketAction(port: .int(Int32(listener.port))))
      guard case .success = await prober.run(socket, container, id: id, podIP: "127.0.0.1") else {
        throw RuntimeError(.unknown, "tcp")
      }
      try await Alarm.sleep(for: .milliseconds(10))
      try await Task.sleep(for: .milliseconds(10))
      withExtendedLifetime(listener) {}
      try await runtime.stopContainer(id, timeout: 0)
      try await runtime.removePodSandbox(sandbox)

      isOpen.broadcast { $0 = true }
      for task in stuck { await task.value }
      await runtime.close()
      serving.cancel()
      _ = try? await serving.value
    }
  }
}

/// A TCP port of this host that accepts.
private struct PortListener {
  let port: UInt16
  private let socket: SharedDescriptor

  init() throws {
    let raw = try systemCall("socket", on: "tcp") { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
    socket = SharedDescriptor(OwnedDescriptor(adopting: raw))
    // Without an address of its own it listens on every one, on a free port.
    _ = try systemCall("listen", on: "tcp") { listen(raw, 8) }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(raw, $0, &length) }
    }
    try #require(result == 0)
    port = UInt16(bigEndian: address.sin_port)
  }
}
