import KubeModel
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("A restart of all containers", .timeLimit(.minutes(5))) struct RestartAllTests {
  private func source(_ name: String = "src", action: String = "RestartAllContainers", codes: [Int32] = [88]) -> Container {
    var container = Container.test(name, restart: "Never")
    container.restartPolicyRules = [
      ContainerRestartRule(
        action: action, exitCodes: ContainerRestartRuleOnExitCodes(operator: "In", values: codes))
    ]
    return container
  }

  private func pod(_ containers: [Container]) -> Pod {
    .test(containers, initial: [.test("setup"), .test("side", restart: "Always")], restart: "Never")
  }

  private func ready(_ node: TestNode, _ attempt: UInt32) async {
    await node.eventually("setup \(attempt)") { node.runtime.running("setup")?.metadata.attempt == attempt }
    node.runtime.exit("setup", code: 0)
    for name in ["side", "app", "src"] {
      await node.eventually("\(name) \(attempt)") { node.runtime.running(name)?.metadata.attempt == attempt }
    }
  }

  @Test("an exit that asks for it begins the pod anew in its sandbox: init containers first, numbers go on")
  func all() async throws {
    try await TestNode.with([pod([.test("app"), source()])]) { node in
      await ready(node, 0)
      let sandbox = node.runtime.container("app")?.sandboxID
      node.runtime.exit("src", code: 88)
      await node.eventually("told") {
        node.pod()?.status.conditions?.contains { $0.type == "AllContainersRestarting" && $0.status == "True" } == true
      }
      #expect(node.pod()?.status.phase == "Running")
      await ready(node, 1)
      await node.eventually("over") {
        node.pod()?.status.conditions?.contains { $0.type == "AllContainersRestarting" && $0.status == "False" } == true
      }
      #expect(node.runtime.container("app")?.sandboxID == sandbox)
      #expect(node.container("app")?.lastState?.terminated?.reason == "RestartingAllContainers")
      #expect(node.container("src")?.lastState?.terminated?.exitCode == 88)
      #expect(node.runtime.state.withLock { $0.stopTimeouts["app"] } == 0)
      #expect(node.runtime.calls.filter { $0.hasPrefix("runSandbox") }.count == 1)
    }
  }

  @Test("another code, or another action, ends the container as its policy says")
  func others() async throws {
    try await TestNode.with([pod([.test("app"), source()])]) { node in
      await ready(node, 0)
      node.runtime.exit("src", code: 1)
      await node.eventually("ended") { node.container("src")?.state?.terminated?.exitCode == 1 }
      await node.settle()
      #expect(node.runtime.running("app")?.metadata.attempt == 0)
    }
  }

  @Test("an agent that starts in the middle goes on, and restarts nothing twice")
  func agentRestart() async throws {
    try await TestNode.with([pod([.test("app"), source()])]) { node in
      await ready(node, 0)
      node.runtime.exit("src", code: 88)
      await node.eventually("setup again") { node.runtime.running("setup")?.metadata.attempt == 1 }
      await node.stop()
      node.start()
      await node.settle()
      #expect(node.runtime.running("setup")?.metadata.attempt == 1)
      await ready(node, 1)
      await node.settle()
      #expect(["setup", "side", "app", "src"].allSatisfy { (node.runtime.container($0)?.metadata.attempt ?? 9) == 1 })
    }
  }

  @Test("a container that its probe had killed has no say")
  func probe() {
    var run = ContainerInstance(
      status: RuntimeAPI.ContainerStatus(
        id: ContainerID("c"), sandboxID: SandboxID("s"), metadata: ContainerMetadata(name: "src", attempt: 0), state: .exited,
        createdAt: 1, exitCode: 88, image: ImageSpec(image: "busybox")))
    #expect(RestartPolicy.rule(of: source(), after: run) == .restartAllContainers)
    run.isKilledForProbe = true
    #expect(RestartPolicy.rule(of: source(), after: run) == nil)
  }
}
