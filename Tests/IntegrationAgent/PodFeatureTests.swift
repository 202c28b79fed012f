import AgentSupport
import CRIClient
import Foundation
import KubeModel
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("Static pods: what a manifest can ask for", .timeLimit(.minutes(5)))
  struct PodFeatureTests {
    /// A pod of one busybox container `c` with this script; `fields` are lines of the container, `spec` of the pod's spec.
    static func manifest(_ name: String, script: String, fields: [String] = [], spec: [String] = []) -> String {
      var lines = [
        "apiVersion: v1", "kind: Pod", "metadata: {name: \(name), labels: {tier: test}}", "spec:",
        "  terminationGracePeriodSeconds: 1",
      ]
      lines += spec.map { "  " + $0 }
      lines += [
        "  containers:", "  - name: c", "    image: localhost/busybox:latest", "    imagePullPolicy: Never",
        "    command: [sh, -c, '\(script)']",
      ]
      return (lines + fields.map { "    " + $0 }).joined(separator: "\n") + "\n"
    }

    static let options = AgentFixture.Options(images: ["busybox"])

    @Test("Init containers run one after the other before the rest, and share its volumes")
    func initContainers() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let step =
          "  image: localhost/busybox:latest\n    imagePullPolicy: Never\n    volumeMounts: [{name: work, mountPath: /work}]"
        try agent.writeManifest(
          "p.yaml",
          Self.manifest(
            "p", script: "echo main >> /work/order; echo fast > /fast/x; sleep 1000",
            fields: ["volumeMounts: [{name: work, mountPath: /work}, {name: fast, mountPath: /fast}]"],
            spec: [
              "volumes: [{name: work, emptyDir: {}}, {name: fast, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]", "initContainers:",
              "- name: one\n  \(step)\n    command: [sh, -c, \"sleep 0.3; echo one >> /work/order\"]",
              "- name: two\n  \(step)\n    command: [sh, -c, \"echo two >> /work/order\"]",
            ]))
        let pod = try await agent.waitForPod("p", "running") { $0.isRunning }
        #expect(try await eventually { try await agent.shell("p", "c", "cat /work/order") == "one\ntwo\nmain" })
        #expect(try await agent.shell("p", "c", "grep \" /fast \" /proc/mounts").contains("tmpfs"))
        #expect(pod.status(of: "one")?.state?.terminated?.exitCode == 0)
        #expect(pod.status.conditions?.first { $0.type == "Initialized" }?.status == "True")
        try agent.removeManifest("p.yaml")
        try await agent.waitUntilGone("p")
        #expect(Leftovers(of: agent).mounts().isEmpty)
      }
    }

    @Test("A container that fails is started again, then held back; its last end is told")
    func backOff() async throws {
      try await AgentFixture.with(Self.options) { agent in
        try agent.writeManifest(
          "p.yaml",
          Self.manifest("p", script: "echo dying > /dev/termination-log; exit 3", spec: ["restartPolicy: OnFailure"]))
        let pod = try await agent.waitForPod("p", "backing off") { pod in
          let status = pod.status(of: "c")
          return status?.state?.waiting?.reason == "CrashLoopBackOff" && status?.lastState?.terminated?.message != nil
        }
        let ended = try #require(pod.status(of: "c")?.lastState?.terminated)
        #expect(ended.exitCode == 3 && ended.message?.contains("dying") == true)
        #expect(try await agent.containers("p").count <= 3)
        #expect(pod.status(of: "c").map { $0.restartCount >= 1 } == true)
      }
    }

    @Test("A pod that never restarts ends as Succeeded or Failed", arguments: [("0", "Succeeded"), ("4", "Failed")])
    func phases(_ code: String, _ phase: String) async throws {
      try await AgentFixture.with(Self.options) { agent in
        try agent.writeManifest("p.yaml", Self.manifest("p", script: "exit \(code)", spec: ["restartPolicy: Never"]))
        let pod = try await agent.waitForPod("p", phase) { $0.status.phase == phase }
        #expect(pod.status(of: "c")?.state?.terminated?.exitCode == Int32(code))
        try await agent.restart()
        try await agent.waitForPod("p", "\(phase) again") { $0.status.phase == phase }
        #expect(try await agent.containers("p").count <= 1)
      }
    }

    @Test("A container whose liveness probe fails is started again")
    func liveness() async throws {
      try await AgentFixture.with(Self.options) { agent in
        try agent.writeManifest(
          "p.yaml",
          Self.manifest(
            "p", script: "touch /alive; sleep 2; rm /alive; sleep 1000",
            fields: ["livenessProbe: {exec: {command: [test, -e, /alive]}, periodSeconds: 1, failureThreshold: 1}"]))
        try await agent.waitForPod("p", "restarted") { pod in
          pod.status(of: "c").map { $0.restartCount == 1 && $0.state?.running != nil } == true
        }
      }
    }

    @Test("Variables come from literals and from the pod's own fields; hostPath shows a host directory")
    func environment() async throws {
      try await AgentFixture.with(Self.options) { agent in
        try FileManager.default.createDirectory(atPath: "\(agent.base)/data", withIntermediateDirectories: true)
        try Data("from the host\n".utf8).write(to: URL(fileURLWithPath: "\(agent.base)/data/file"))
        try agent.writeManifest(
          "p.yaml",
          Self.manifest(
            "p", script: "sleep 1000",
            fields: [
              "env:", "- {name: PLAIN, value: \"one two\"}", "- {name: COMPOSED, value: \"$(PLAIN) three\"}",
              "- {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}",
              "- {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}",
              "- {name: TIER, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['tier']\"}}}",
              "volumeMounts: [{name: host, mountPath: /host, readOnly: true}]",
            ], spec: ["volumes: [{name: host, hostPath: {path: \(agent.base)/data}}]"]))
        let pod = try await agent.waitForPod("p", "running") { $0.isRunning }
        let text = try await agent.shell("p", "c", "echo \"$PLAIN/$COMPOSED/$POD/$IP/$TIER\"; cat /host/file")
        let address = try #require(pod.status.podIP)
        #expect(text == "one two/one two three/p-\(agent.nodeName)/\(address)/test\nfrom the host")
        #expect(try await agent.shell("p", "c", "touch /host/no 2>&1 || true").contains("Read-only"))
      }
    }

    @Test("A pod with a limit that the node cannot enforce is refused with the reason; requests alone are fine")
    func limits() async throws {
      let controllers = HostState.cgroupMount.map { HostState.text("\($0)/cgroup.controllers") } ?? ""
      try await AgentFixture.with(Self.options) { agent in
        try agent.writeManifest(
          "limited.yaml",
          Self.manifest("limited", script: "sleep 1000", fields: ["resources: {limits: {memory: 64Mi}}"]))
        try agent.writeManifest(
          "asking.yaml",
          Self.manifest("asking", script: "sleep 1000", fields: ["resources: {requests: {memory: 16Mi, cpu: 10m}}"]))
        let asking = try await agent.waitForPod("asking", "running") { $0.isRunning }
        #expect(asking.status.qosClass == "Burstable")
        if controllers.contains("memory") {
          try await agent.waitForPod("limited", "running") { $0.isRunning }
          let id = try #require(try await agent.containers("limited").first?.id)
          #expect(try await agent.cgroupFile(id, "memory.max") == "\(64 << 20)")
        } else {
          let refused = try await agent.waitForPod("limited", "refused") { $0.status.phase == "Failed" }
          #expect(refused.status.message?.contains("memory") == true, "\(refused.status.text)")
          #expect(try await agent.containers("limited").isEmpty)
        }
      }
    }

    @Test("Two pods cannot have one host port")
    func hostPorts() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let ports = ["ports: [{containerPort: 80, hostPort: 18090}]"]
        try agent.writeManifest("a.yaml", Self.manifest("a", script: "sleep 1000", fields: ports))
        try await agent.waitForPod("a", "running") { $0.isRunning }
        try agent.writeManifest("b.yaml", Self.manifest("b", script: "sleep 1000", fields: ports))
        let refused = try await agent.waitForPod("b", "refused") { $0.status.phase == "Failed" }
        #expect(refused.status.message?.contains("18090") == true)
        #expect(try await agent.pod("a")?.isRunning == true)
      }
    }
  }
}
