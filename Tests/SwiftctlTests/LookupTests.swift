import RuntimeAPI
import TestSupport
import Testing

@testable import swiftctl

/// What a person types for a container or a pod.
@Suite("Looking up what a person named", .timeLimit(.minutes(5))) struct LookupTests {
  /// A pod as a kubelet labels it, with a container for each name.
  private static func pod(
    _ runtime: FakeRuntime, _ name: String, namespace: String = "default", _ containers: [String]
  ) async throws -> [ContainerID] {
    let labels = [Lookup.podName: name, Lookup.podNamespace: namespace]
    let config = SandboxConfig(
      metadata: SandboxMetadata(name: name, uid: "\(namespace)-\(name)", namespace: namespace), labels: labels)
    let sandbox = try await runtime.runPodSandbox(config, handler: "")
    var made: [ContainerID] = []
    for name in containers {
      let container = ContainerConfig(
        metadata: ContainerMetadata(name: name), image: ImageSpec(image: "localhost/busybox:1"), command: ["sleep"], labels: labels)
      made.append(try await runtime.createContainer(container, in: sandbox, sandboxConfig: config))
    }
    return made
  }

  private static func failure(_ body: () async throws -> Void) async -> Failure? {
    do { try await body() } catch { return error as? Failure }
    return nil
  }

  @Test("a pod's name stands for its only container, with and without the namespace")
  func onlyContainer() async throws {
    let runtime = FakeRuntime(images: ["localhost/busybox:1"])
    let made = try await Self.pod(runtime, "web", ["main"])
    _ = try await Self.pod(runtime, "db", ["server"])
    let lookup = Lookup(runtime: runtime)
    for text in ["web", "default/web", "web/main", "main", made[0].rawValue, String(made[0].rawValue.prefix(12))] {
      #expect(try await lookup.container(text).id == made[0], "\(text)")
    }
  }

  @Test("a pod of two containers asks which one, and says how to say it")
  func several() async throws {
    let runtime = FakeRuntime(images: ["localhost/busybox:1"])
    let made = try await Self.pod(runtime, "web", ["main", "side"])
    let lookup = Lookup(runtime: runtime)
    let failure = await Self.failure { _ = try await lookup.container("web") }
    #expect(failure?.message == "pod web has 2 containers")
    #expect(failure?.hint == "say which: web/main, web/side")
    #expect(try await lookup.container("web/side").id == made[1])
  }

  @Test("of two runs of the only container the running one is meant, and when none runs the newest")
  func runs() async throws {
    let runtime = FakeRuntime(images: ["localhost/busybox:1"])
    let first = try await Self.pod(runtime, "web", ["main"])[0]
    try await runtime.startContainer(first)
    let lookup = Lookup(runtime: runtime)
    let sandbox = try await lookup.container("web").sandboxID
    let config = try #require(runtime.sandboxConfigs[sandbox])
    var container = try #require(runtime.containerConfigs[first])
    container.metadata.attempt = 1
    let second = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
    #expect(try await lookup.container("web").id == first)
    try await runtime.stopContainer(first, timeout: 0)
    #expect(try await lookup.container("web").id == second)
  }

  @Test("what does not exist, and what is not enough, is told with a way on")
  func nothing() async throws {
    let runtime = FakeRuntime(images: ["localhost/busybox:1"])
    _ = try await Self.pod(runtime, "web", namespace: "a", ["main"])
    _ = try await Self.pod(runtime, "web", namespace: "b", ["main"])
    let lookup = Lookup(runtime: runtime)
    let absent = await Self.failure { _ = try await lookup.container("absent") }
    #expect(absent?.message == "no container with the name or id absent" && absent?.hint?.contains("ps -a") == true)
    let ambiguous = await Self.failure { _ = try await lookup.pod("web") }
    #expect(ambiguous?.message == "pods called web exist in several namespaces")
    #expect(ambiguous?.hint == "say which: a/web, b/web")
    #expect(try await lookup.pod("b/web").metadata.namespace == "b")
  }
}
