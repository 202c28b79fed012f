import Foundation
import Glibc
import LinuxSystem
import PodRuntime
import RuntimeAPI
import Testing

@Suite("Creation that fails", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(3)))
struct FaultTests {
  static let sandboxPoints: [FaultPoint] = [
    .sandboxRecord, .sandboxDirectory, .sandboxCgroup, .networkNamespace, .addressLease, .vethCreate, .networkConfigure, .hostPort,
    .shimSpawn, .shimHello, .pauseSpawn, .sandboxReady,
  ]
  static let containerPoints: [FaultPoint] = [
    .containerRecord, .containerDirectory, .containerSpec, .containerCgroup, .containerSpawn, .containerCreated,
  ]

  @Test("Every point of failure is tried here")
  func complete() {
    #expect(Set(Self.sandboxPoints + Self.containerPoints + [.containerStart]) == Set(FaultPoint.allCases))
  }

  @Test("A sandbox that fails at any step leaves nothing behind, and the next try makes it")
  func sandbox() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      for (index, point) in Self.sandboxPoints.enumerated() {
        let config = fixture.sandboxConfig("pod\(index)")
        let error = await Self.failing(at: point) { _ = try await runtime.runPodSandbox(config, handler: "") }
        #expect(error?.description.contains(point.rawValue) == true, "\(point): \(error.map { "\($0)" } ?? "no error")")
        #expect(try await runtime.listPodSandboxes(SandboxFilter()).isEmpty, "\(point)")
        #expect(await fixture.leftovers() == [], "\(point)")
        let id = try await runtime.runPodSandbox(config, handler: "")
        #expect(try await runtime.podSandboxStatus(id, verbose: false).status.state == .ready)
        try await runtime.removePodSandbox(id)
        #expect(await fixture.leftovers() == [], "after \(point)")
      }
    }
  }

  @Test("A container that fails at any step leaves nothing behind, and the next try makes it")
  func container() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      for (index, point) in Self.containerPoints.enumerated() {
        let container = fixture.containerConfig("c\(index)")
        let error = await Self.failing(at: point) {
          _ = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        }
        #expect(error?.description.contains(point.rawValue) == true, "\(point): \(error.map { "\($0)" } ?? "no error")")
        #expect(try await runtime.listContainers(ContainerFilter()).isEmpty, "\(point)")
        #expect(await Self.settledContainers(fixture, sandbox) == [], "\(point)")
        let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        try await runtime.startContainer(id)
        #expect(try await runtime.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
        try await runtime.removeContainer(id)
        #expect(await Self.settledContainers(fixture, sandbox) == [], "after \(point)")
      }
    }
  }

  @Test("A start that fails leaves a container that has exited and says why")
  func start() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      #expect(await Self.failing(at: .containerStart) { try await runtime.startContainer(id) } != nil)
      let status = try await runtime.containerStatus(id, verbose: false).status
      #expect(status.state == .exited && status.exitCode == 128 && status.reason == "StartError")
      #expect(status.message.contains("container.start"))
      try await runtime.removeContainer(id)
      #expect(await Self.settledContainers(fixture, sandbox) == [])
    }
  }

  /// Descriptors that a failed creation forgot would pile up in the agent.
  @Test("Failures do not cost file descriptors")
  func descriptors() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      func round(_ number: Int) async {
        for point in Self.sandboxPoints {
          let config = fixture.sandboxConfig("pod\(number)-\(point)")
          _ = await Self.failing(at: point) { _ = try await runtime.runPodSandbox(config, handler: "") }
        }
      }
      await round(0)
      _ = await fixture.leftovers()
      let before = Self.openDescriptors()
      for number in 1...3 { await round(number) }
      _ = await fixture.leftovers()
      #expect(Self.openDescriptors() <= before + 2, "\(before) descriptors became \(Self.openDescriptors())")
    }
  }

  // MARK: Parts

  private static func failing(at point: FaultPoint, _ body: () async throws -> Void) async -> RuntimeError? {
    await Faults.$plan.withValue([point: EIO]) {
      do {
        try await body()
        return nil
      } catch {
        return error as? RuntimeError
      }
    }
  }

  /// What is left apart from the sandbox's own things.
  private static func settledContainers(_ fixture: RuntimeFixture, _ sandbox: SandboxID) async -> [String] {
    await fixture.leftovers(except: [sandbox.rawValue])
  }

  private static func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
  }
}
