import Foundation
import KubeModel
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("Other amounts for pods that run", .timeLimit(.minutes(5))) struct PodResizeTests {
  private func pod(cpu: Quantity, memory: Quantity, policy: [ContainerResizePolicy]? = nil, uid: String = "u1") -> Pod {
    var container = Container.test("app")
    container.resources = ResourceRequirements(limits: ["cpu": cpu, "memory": memory], requests: ["cpu": cpu, "memory": memory])
    container.resizePolicy = policy
    return .test(uid: uid, name: uid, [container])
  }

  private func has(_ node: TestNode) -> LinuxResources? { node.runtime.running("app")?.resources }
  private func condition(_ node: TestNode, _ type: String) -> PodCondition? {
    node.pod()?.status.conditions?.first { $0.type == type }
  }

  @Test("cpu and memory change in place: the container does not notice")
  func inPlace() async throws {
    try await TestNode.with([pod(cpu: 1, memory: 1_048_576)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      node.want([pod(cpu: 2, memory: 2_097_152)])
      await node.eventually("resized") { has(node)?.memoryLimit == 2 << 20 && has(node)?.cpuQuota == 200_000 }
      await node.eventually("shown") { node.container("app")?.resources?.limits?["cpu"] == 2 }
      await node.settle()
      #expect(node.runtime.calls.filter { $0 == "start app" }.count == 1)
      #expect(node.container("app")?.allocatedResources?["memory"] == 2_097_152)
      #expect(node.runtime.calls.filter { $0 == "update app" }.count == 1)
    }
  }

  @Test("what does not fit waits with its reason, and acts when there is room; the pod runs on with what it has")
  func deferred() async throws {
    try await TestNode.with([pod(cpu: 1, memory: 1_048_576)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      var other = pod(cpu: 2, memory: 1_048_576, uid: "u2")
      other.spec.containers[0].name = "other"
      node.want([pod(cpu: 1, memory: 1_048_576), other])
      await node.eventually("other") { node.container("other", uid: "u2")?.ready == true }
      node.want([pod(cpu: 3, memory: 1_048_576), other])
      await node.eventually("pending") { condition(node, "PodResizePending")?.reason == "Deferred" }
      #expect(has(node)?.cpuQuota == 100_000)
      node.want([pod(cpu: 3, memory: 1_048_576)])
      await node.eventually("resized") { has(node)?.cpuQuota == 300_000 }
      await node.eventually("not pending") { condition(node, "PodResizePending") == nil }
      node.want([pod(cpu: 99, memory: 1_048_576)])
      await node.eventually("never") { condition(node, "PodResizePending")?.reason == "Infeasible" }
      #expect(has(node)?.cpuQuota == 300_000)
    }
  }

  @Test("a container that asks to be restarted for it is")
  func restart() async throws {
    let policy = [ContainerResizePolicy(resourceName: "memory", restartPolicy: "RestartContainer")]
    try await TestNode.with([pod(cpu: 1, memory: 1_048_576, policy: policy)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      node.want([pod(cpu: 1, memory: 2_097_152, policy: policy)])
      await node.eventually("again") { node.runtime.running("app")?.metadata.attempt == 1 }
      #expect(has(node)?.memoryLimit == 2 << 20)
    }
  }

  @Test("a runtime that takes its time holds up neither a kill nor the pod's end")
  func besides() async throws {
    let probe = Probe(exec: ExecAction(command: ["check"]), failureThreshold: 1, periodSeconds: 1, timeoutSeconds: 1)
    func sick(_ cpu: Quantity) -> Pod {
      var pod = pod(cpu: cpu, memory: 1_048_576)
      pod.spec.containers[0].livenessProbe = probe
      return pod
    }
    try await TestNode.with([sick(1)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      node.runtime.hold("update")
      node.want([sick(2)])
      await node.eventually("resizing") { node.runtime.waiting("update") == 1 }
      node.runtime.state.withLock { $0.execResults["check"] = 1 }
      await node.eventually("killed", passing: 1) { node.runtime.calls.contains("stop app") }
      node.want([])
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty }
      node.runtime.release("update")
    }
  }

  @Test("an agent that ended in the middle goes on")
  func agentRestart() async throws {
    try await TestNode.with([pod(cpu: 1, memory: 1_048_576)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.stop()
      node.setWanted([pod(cpu: 2, memory: 1_048_576)])
      node.start()
      await node.eventually("resized") { has(node)?.cpuQuota == 200_000 }
      #expect(node.runtime.calls.filter { $0 == "start app" }.count == 1)
    }
  }

  @Test("other labels reach the downwardAPI volume of a pod that runs")
  func labels() async throws {
    func labelled(_ value: String) -> Pod {
      var pod = Pod.test()
      pod.metadata.labels = ["a": value]
      pod.spec.volumes = [
        KubeModel.Volume(
          name: "v",
          downwardAPI: DownwardAPIVolumeSource(items: [
            DownwardAPIVolumeFile(path: "labels", fieldRef: ObjectFieldSelector(fieldPath: "metadata.labels"))
          ]))
      ]
      return pod
    }
    try await TestNode.with([labelled("1")]) { node in
      let file = "\(node.root)/pods/u1/volumes/kubernetes.io~downward-api/v/labels"
      func text() -> String? { try? String(contentsOfFile: file, encoding: .utf8) }
      await node.eventually("ready") { node.container("app")?.ready == true }
      #expect(text() == #"a="1""#)
      node.want([labelled("2")])
      await node.eventually("refreshed") { text() == #"a="2""# }
      #expect(node.runtime.calls.filter { $0.hasPrefix("start") }.count == 1)
    }
  }

  @Test("a limit that comes or goes needs a new container; the same amounts need nothing")
  func steps() {
    let container = Container.test("app")
    let has = LinuxResources(cpuPeriod: 100_000, cpuQuota: 100_000, cpuShares: 1024, memoryLimit: 1 << 20)
    #expect(PodResize.step(container, from: has, to: has) == .none)
    var more = has
    more.memoryLimit = 0
    #expect(PodResize.step(container, from: has, to: more) == .restart)
    more = has
    more.cpuShares = 2048
    #expect(PodResize.step(container, from: has, to: more) == .update(more))
  }
}
