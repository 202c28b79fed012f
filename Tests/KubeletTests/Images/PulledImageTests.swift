import KubeModel
import Logging
import RuntimeAPI
import Store
import TestSupport
import Synchronization
import Testing

@testable import Kubelet

@Suite("Images of containers that are to start") struct PulledImageTests {
  let runtime = FakeRuntime()
  let events: EventRecorder

  init() throws {
    let store = try Store(path: nil)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    events = EventRecorder(EventLog(in: store), store: store, logger: logger, now: { 7 })
  }

  private func ensure(_ image: String?, _ policy: String?) async throws(KubeletError) -> ImageInfo {
    var container = Container.test("app")
    (container.image, container.imagePullPolicy) = (image, policy)
    let sandbox = SandboxConfig(metadata: SandboxMetadata(name: "p", uid: "u1", namespace: "default", attempt: 0))
    return try await ImagePull(runtime: runtime, events: events).ensure(container, in: .test([container]), sandbox: sandbox)
  }

  private func told() throws -> [String] { try events.list().map(\.reason) }
  private var pulls: [String] { runtime.calls.filter { $0.hasPrefix("pull") } }

  @Test("what is here is used without asking anybody", arguments: ["IfNotPresent", "Never"])
  func present(policy: String) async throws {
    #expect(try await ensure("busybox", policy).id == ImageID("sha256:busybox"))
    let reasons = try told()
    #expect(pulls.isEmpty && reasons == ["Pulled"])
  }

  @Test("what is not here is pulled, unless the policy forbids it") func absent() async throws {
    runtime.state.withLock { $0.registry = ["web:1"] }
    #expect(try await ensure("web:1", "IfNotPresent").id == ImageID("sha256:web:1"))
    var reasons = try told()
    #expect(pulls == ["pull web:1"] && reasons == ["Pulling", "Pulled"])
    let error = await #expect(throws: KubeletError.self) { try await ensure("other:1", "Never") }
    #expect(error?.reason == "ErrImageNeverPull" && pulls.count == 1)
    reasons = try told()
    #expect(reasons.last == "ErrImageNeverPull")
  }

  @Test("Always asks each time, and without a policy the tag decides") func always() async throws {
    runtime.state.withLock { $0.registry = ["busybox"] }
    _ = try await ensure("busybox", "Always")
    _ = try await ensure("busybox", nil)
    #expect(pulls == ["pull busybox", "pull busybox"])
  }

  @Test("a runtime that does not pull runs what is here, and says so") func noPulls() async throws {
    #expect(try await ensure("busybox", "Always").id == ImageID("sha256:busybox"))
    #expect(
      try events.list().last?.message
        == "The runtime cannot pull images: the image \"busybox\" that is present on the machine is used")
    let error = await #expect(throws: KubeletError.self) { try await ensure("web:1", "Always") }
    #expect(error?.reason == "ErrImagePull" && error?.code == .image)
  }

  @Test("a pull that fails, a runtime that does not answer, and no name are told apart") func failures() async throws {
    runtime.state.withLock { $0.registry = [] }
    let pull = await #expect(throws: KubeletError.self) { try await ensure("web:1", "IfNotPresent") }
    #expect(pull?.reason == "ErrImagePull" && pull?.description.contains("the registry has no web:1") == true)
    // A pull that fails is no reason to run what is here under `Always`: it may be another image by now.
    let stale = await #expect(throws: KubeletError.self) { try await ensure("busybox", "Always") }
    #expect(stale?.reason == "ErrImagePull")
    runtime.failNext("imageStatus", RuntimeError(.unavailable, "gone"))
    let inspect = await #expect(throws: KubeletError.self) { try await ensure("busybox", "IfNotPresent") }
    #expect(inspect?.reason == "ImageInspectError")
    let nothing = await #expect(throws: KubeletError.self) { try await ensure("", "IfNotPresent") }
    #expect(nothing?.reason == "InvalidImageName")
    let reasons = try told()
    #expect(reasons == ["Pulling", "Failed", "Pulling", "Failed", "InspectFailed"])
  }
}
