import Glibc
import LinuxSystem
import PodRuntime
import RuntimeAPI
import Testing

/// Every step that can fail, before, in its middle and after it, once each.
@Suite("Steps that fail", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct FaultTests {
  static let sandboxPoints: [FaultPoint] = [
    .sandboxRecord, .sandboxDirectory, .sandboxCgroup, .networkNamespace, .addressLease, .vethCreate, .networkConfigure, .hostPort,
    .shimSpawn, .shimHello, .pauseSpawn, .sandboxReady, .recordsWrite,
  ]
  static let containerPoints: [FaultPoint] = [
    .containerRecord, .containerDirectory, .containerSpec, .containerCgroup, .containerSpawn, .containerCreated, .recordsWrite,
  ]
  static let removalPoints: [FaultPoint] = [.networkDetach, .containerRemove, .sandboxRemove, .recordsRelease]

  static func faults(_ points: [FaultPoint]) -> [(point: FaultPoint, moment: FaultMoment)] {
    points.flatMap { point in point.moments.map { (point, $0) } }
  }

  @Test("Every step that can fail is tried here")
  func complete() {
    let tried = Self.sandboxPoints + Self.containerPoints + Self.removalPoints + [.containerStart, .execStreams]
    #expect(Set(tried) == Set(FaultPoint.allCases))
  }

  @Test("A sandbox that fails at any moment of any step leaves nothing behind, and the next try makes it")
  func sandbox() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      for (index, (point, moment)) in Self.faults(Self.sandboxPoints).enumerated() {
        let config = fixture.sandboxConfig("pod\(index)")
        let error = await Self.failing(FaultPlan(point, moment)) { _ = try await runtime.runPodSandbox(config, handler: "") }
        #expect(error?.description.contains("\(point.rawValue) (\(moment))") == true, "\(error.map { "\($0)" } ?? "no error")")
        #expect(try await runtime.listPodSandboxes(SandboxFilter()).isEmpty, "\(point) \(moment)")
        #expect(await fixture.leftovers() == [], "\(point) \(moment)")
        let id = try await runtime.runPodSandbox(config, handler: "")
        #expect(try await runtime.podSandboxStatus(id, verbose: false).status.state == .ready)
        try await runtime.removePodSandbox(id)
        #expect(await fixture.leftovers() == [], "after \(point) \(moment)")
      }
    }
  }

  @Test("A container that fails at any moment of any step leaves nothing behind, and the next try makes it")
  func container() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      for (index, (point, moment)) in Self.faults(Self.containerPoints).enumerated() {
        let container = fixture.containerConfig("c\(index)")
        let error = await Self.failing(FaultPlan(point, moment)) {
          _ = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        }
        #expect(error?.description.contains("\(point.rawValue) (\(moment))") == true, "\(error.map { "\($0)" } ?? "no error")")
        #expect(try await runtime.listContainers(ContainerFilter()).isEmpty, "\(point) \(moment)")
        #expect(await fixture.leftovers(except: [sandbox.rawValue]) == [], "\(point) \(moment)")
        let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        try await runtime.startContainer(id)
        #expect(try await runtime.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
        try await runtime.removeContainer(id)
        #expect(await fixture.leftovers(except: [sandbox.rawValue]) == [], "after \(point) \(moment)")
      }
    }
  }

  @Test(
    "A start that fails, or whose answer is lost, leaves a container that has exited and says why",
    arguments: FaultPoint.containerStart.moments)
  func start(_ moment: FaultMoment) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      #expect(await Self.failing(FaultPlan(.containerStart, moment)) { try await runtime.startContainer(id) } != nil)
      let status = try await runtime.containerStatus(id, verbose: false).status
      #expect(status.state == .exited && status.exitCode == 128 && status.reason == "StartError")
      #expect(status.message.contains("container.start"))
      try await runtime.removeContainer(id)
      #expect(await fixture.leftovers(except: [sandbox.rawValue]) == [])
    }
  }

  @Test(
    "A removal that fails at any moment of any step is done by the next try, of this agent or of the next",
    arguments: [false, true])
  func removal(restarts: Bool) async throws {
    try await RuntimeFixture.with { fixture in
      var runtime = fixture.runtime
      for (index, (point, moment)) in Self.faults(Self.removalPoints).enumerated() {
        let sandbox = try await Self.pod("pod\(index)", fixture, runtime)
        let plan = FaultPlan(point, moment)
        _ = await Self.failing(plan) { try await runtime.removePodSandbox(sandbox) }
        #expect(plan.fired == ["\(point.rawValue) \(moment)"])
        if restarts { runtime = try await fixture.successor(of: runtime) }
        try await runtime.removePodSandbox(sandbox)
        #expect(await fixture.leftovers() == [], "after \(point) \(moment)")
        #expect(try await runtime.listPodSandboxes(SandboxFilter()).isEmpty)
        #expect(try await runtime.listContainers(ContainerFilter()).isEmpty)
      }
    }
  }

  @Test("What an undo could not take back is known to the next agent, which takes it back")
  func undo() async throws {
    try await RuntimeFixture.with { fixture in
      var runtime = fixture.runtime
      var number = 0
      while true {
        let plan = FaultPlan(.sandboxReady, undo: number)
        let config = fixture.sandboxConfig("pod\(number)")
        #expect(await Self.failing(plan) { _ = try await runtime.runPodSandbox(config, handler: "") } != nil)
        // Every step of taking back has failed once.
        if plan.fired.count < 2 { break }
        runtime = try await fixture.successor(of: runtime)
        for sandbox in try await runtime.listPodSandboxes(SandboxFilter()) { try await runtime.removePodSandbox(sandbox.id) }
        #expect(await fixture.leftovers() == [], "\(plan.fired)")
        number += 1
      }
      #expect(number >= 5)
    }
  }

  @Test("What an undo of a container could not take back goes with its pod, and with the next agent")
  func containerUndo() async throws {
    try await RuntimeFixture.with { fixture in
      var runtime = fixture.runtime
      var number = 0
      while true {
        let config = fixture.sandboxConfig("pod\(number)")
        let sandbox = try await runtime.runPodSandbox(config, handler: "")
        let plan = FaultPlan(.containerCreated, undo: number / 2)
        let error = await Self.failing(plan) {
          _ = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
        }
        #expect(error != nil)
        if number % 2 == 1 { runtime = try await fixture.successor(of: runtime) }
        try await runtime.removePodSandbox(sandbox)
        #expect(await fixture.leftovers() == [], "\(plan.fired)")
        if plan.fired.count < 2 { break }
        number += 1
      }
      #expect(number >= 8)
    }
  }

  /// Descriptors that a failed creation forgot would pile up in the agent.
  @Test("Failures do not cost file descriptors")
  func descriptors() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig("well")
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      func round(_ number: Int) async {
        for (point, moment) in Self.faults(Self.sandboxPoints) {
          var config = fixture.sandboxConfig("pod\(number)-\(point)-\(moment)")
          if point != .hostPort { config.portMappings = [] }
          _ = await Self.failing(FaultPlan(point, moment)) { _ = try await runtime.runPodSandbox(config, handler: "") }
        }
        for (point, moment) in Self.faults(Self.containerPoints) {
          let container = fixture.containerConfig("c\(number)-\(point)-\(moment)")
          _ = await Self.failing(FaultPlan(point, moment)) {
            _ = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
          }
        }
        _ = await fixture.leftovers(except: [sandbox.rawValue])
      }
      await round(0)
      let before = Self.openDescriptors()
      for number in 1...3 { await round(number) }
      #expect(Self.openDescriptors() <= before + 2, "\(before) descriptors became \(Self.openDescriptors())")
      try await runtime.removePodSandbox(sandbox)
    }
  }

  // MARK: Parts

  private static func pod(_ name: String, _ fixture: RuntimeFixture, _ runtime: PodRuntime) async throws -> SandboxID {
    let config = fixture.sandboxConfig(name)
    let sandbox = try await runtime.runPodSandbox(config, handler: "")
    let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
    try await runtime.startContainer(id)
    return sandbox
  }

  static func failing(_ plan: FaultPlan, _ body: () async throws -> Void) async -> RuntimeError? {
    await Faults.$plan.withValue(plan) {
      do {
        try await body()
        return nil
      } catch {
        return error as? RuntimeError
      }
    }
  }

  private static func openDescriptors() -> Int { (try? listDirectory("/proc/self/fd").count) ?? 0 }
}
