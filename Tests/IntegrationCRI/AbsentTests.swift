import CRIClient
import Glibc
import RuntimeAPI
import Testing
import TestSupport

/// A kubelet tells "gone" from "failed" by the code NOT_FOUND alone. Source: k8s.io/cri-client remote_runtime.go, kuberuntime's
/// killPodWithSyncResult and pleg/generic.go.
@Suite("What is not there", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct AbsentTests {
  @Test("is NOT_FOUND where something was to be shown or done, and fine where it was to go")
  func absent() async throws {
    try await RuntimeAgent.with { agent in
      let runtime = agent.runtime
      // One that never was, and one that was.
      let gone = try await agent.start("gone")
      try await runtime.removeContainer(gone)
      for id in [gone, ContainerID(String(repeating: "0", count: 64))] {
        #expect(await code { _ = try await runtime.containerStatus(id, verbose: false) } == .notFound)
        #expect(await code { _ = try await runtime.containerStatus(id, verbose: true) } == .notFound)
        #expect(await code { try await runtime.startContainer(id) } == .notFound)
        #expect(await code { _ = try await runtime.execSync(id, command: ["true"], timeout: 1) } == .notFound)
        #expect(await code { try await runtime.updateContainerResources(id, LinuxResources(cpuShares: 2)) } == .notFound)
        #expect(await code { try await runtime.reopenContainerLog(id) } == .notFound)
        #expect(await code { _ = try await runtime.containerStats(id) } == .notFound)
        #expect(await code { try await runtime.stopContainer(id, timeout: 1) } == nil)
        #expect(await code { try await runtime.removeContainer(id) } == nil)
      }
      let absent = SandboxID(String(repeating: "0", count: 64))
      #expect(await code { _ = try await runtime.podSandboxStatus(absent, verbose: false) } == .notFound)
      #expect(await code { _ = try await runtime.podSandboxStats(absent) } == .notFound)
      #expect(await code { try await runtime.stopPodSandbox(absent) } == nil)
      #expect(await code { try await runtime.removePodSandbox(absent) } == nil)
      let config = ContainerConfig(metadata: ContainerMetadata(name: "x"), image: ImageSpec(image: "localhost/busybox:latest"))
      #expect(
        await code { _ = try await runtime.createContainer(config, in: absent, sandboxConfig: agent.sandboxConfig) } == .notFound)
      #expect(await code { _ = try await agent.create("x") { $0.image.image = "localhost/absent:1" } } == .notFound)
      #expect(try await runtime.imageStatus("localhost/absent:1", verbose: false) == nil)
      #expect(await code { try await runtime.removeImage("localhost/absent:1") } == nil)
      #expect(try await runtime.listContainers(ContainerFilter(id: "0000")).isEmpty)
    }
  }
}
