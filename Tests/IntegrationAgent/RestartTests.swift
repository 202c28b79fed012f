import AgentSupport
import CRIClient
import Foundation
import Glibc
import KubeModel
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("A killed agent", .timeLimit(.minutes(5)))
  struct RestartTests {
    @Test("Pods run on without the agent, and the next one takes them over: same process, no restart, no lost log line")
    func takeover() async throws {
      try await AgentFixture.with { agent in
        try agent.writeManifest(
          "tick.yaml",
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: tick}
          spec:
            terminationGracePeriodSeconds: 1
            containers:
            - name: counter
              image: localhost/payload:latest
              imagePullPolicy: Never
              args: [tick, "2"]
            - name: once
              image: localhost/busybox:latest
              imagePullPolicy: Never
              command: [sh, -c, "echo run >> /runs/once; until [ -e /runs/go ]; do sleep 0.05; done; exit 7"]
              volumeMounts: [{name: runs, mountPath: /runs}]
            volumes: [{name: runs, hostPath: {path: \(agent.base), type: Directory}}]
            restartPolicy: Never
          """)
        try await agent.waitForPod("tick", "running") { $0.isRunning }
        let before = try #require(try await agent.containers("tick", "counter").first)
        let status = try await agent.status(before.id)
        let pid = try await agent.hostPID(before.id)
        for round in 0..<3 {
          try await agent.kill()
          if round == 0 { try Data().write(to: URL(fileURLWithPath: "\(agent.base)/go")) }
          #expect(await eventually { agent.processes("until") == 0 })
          try await agent.start()
        }
        try await agent.waitForPod("tick", "known again") { pod in
          pod.status(of: "once")?.state?.terminated?.exitCode == 7 && pod.status(of: "counter")?.state?.running != nil
        }
        let after = try await agent.containers("tick")
        #expect(after.count == 2)
        let again = try await agent.status(before.id)
        #expect(try await agent.hostPID(before.id) == pid && pid > 0)
        #expect(again.startedAt == status.startedAt)
        #expect(again.state == .running)
        let pod = try #require(try await agent.pod("tick"))
        #expect(pod.status(of: "counter")?.restartCount == 0)
        #expect(pod.status(of: "once")?.restartCount == 0)
        #expect(try String(contentsOfFile: "\(agent.base)/once", encoding: .utf8) == "run\n")
        let once = try #require(after.first { $0.metadata.name == "once" })
        let ended = try await agent.status(once.id)
        #expect(ended.exitCode == 7 && ended.state == .exited && ended.reason == "Error")

        let numbers = ContainerLog(status.logPath).lines.compactMap { Int($0.text.dropFirst("tick ".count)) }
        #expect(numbers.count > 100)
        #expect(numbers == Array(0..<numbers.count))
      }
    }

    @Test("An agent that ends by SIGTERM leaves its pods running unless it was told otherwise")
    func terminated() async throws {
      try await AgentFixture.with(.init(images: ["payload"], runtimeOnly: true)) { agent in
        try await agent.kill()
        try await agent.start(stopsPods: false)
        let pod = try await agent.sandbox("stays")
        let id = try await pod.start("c", ["tick", "10"])
        let pid = try await agent.hostPID(id)
        let endedWell = try await agent.terminate()
        #expect(endedWell)
        #expect(Leftovers(of: agent).processes().contains { $0.pid == pid })
        try await agent.start()
        #expect(try await agent.hostPID(id) == pid)
        #expect(try await agent.exec(id, ["/payload", "hostname"]).output == "stays")
      }
    }

    @Test("A pod whose podshim is killed is started anew as a whole")
    func lostShim() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("web.yaml", StaticPodTests.web)
        try await agent.waitForPod("web", "running") { $0.isRunning }
        let first = try #require(try await agent.containers("web").first).id
        let shims = Leftovers(of: agent).processes().filter { $0.text.hasSuffix("[podshim]") }
        #expect(shims.count == 1)
        for shim in shims { Glibc.kill(shim.pid, SIGKILL) }
        let another = try await eventually {
          try await agent.containers("web").contains { $0.id != first && $0.state == .running }
        }
        #expect(another, "no new container")
        let pod = try await agent.waitForPod("web", "ready") { $0.isRunning && $0.status(of: "server")?.ready == true }
        let address = try #require(pod.status.podIP)
        #expect(try await HostNetwork.get(address, 80).contains("200 OK"))
        // httpd forks for each connection, a probe's too.
        let once = await eventually { agent.processes("httpd") == 1 }
        #expect(once)
      }
    }

    @Test("A pod whose pause is killed gets another sandbox, with all that belongs to it, and its podshim lives to say so")
    func lostPause() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("web.yaml", StaticPodTests.web)
        try await agent.waitForPod("web", "running") { $0.isRunning }
        let first = try #require(try await agent.containers("web").first).id
        let sandbox = try #require(try await agent.runtime.listPodSandboxes(SandboxFilter()).first).id
        let pauses = Leftovers(of: agent).processes().filter { $0.text.hasSuffix("[pause]") }
        #expect(pauses.count == 1)
        for pause in pauses { Glibc.kill(pause.pid, SIGKILL) }
        let another = try await eventually {
          let ready = try await agent.runtime.listPodSandboxes(SandboxFilter(state: .ready))
          let runs = try await agent.containers("web").contains { $0.id != first && $0.state == .running }
          return ready.count == 1 && ready.first?.id != sandbox && runs
        }
        #expect(another, "no new sandbox")
        let pod = try await agent.waitForPod("web", "ready") { $0.isRunning && $0.status(of: "server")?.ready == true }
        #expect(try await HostNetwork.get(try #require(pod.status.podIP), 80).contains("200 OK"))
        let once = await eventually { agent.processes("httpd") == 1 }
        #expect(once)
      }
    }

    @Test("A manifest that changed while no agent ran is followed at the next start")
    func changesMeanwhile() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("web.yaml", StaticPodTests.web)
        try await agent.waitForPod("web", "running") { $0.isRunning }
        try await agent.kill()
        try agent.removeManifest("web.yaml")
        try agent.writeManifest("other.yaml", StaticPodTests.web.replacingOccurrences(of: "name: web", with: "name: other"))
        try await agent.start()
        try await agent.waitForPod("other", "running") { $0.isRunning }
        let gone = try await eventually { try await agent.containers("web").isEmpty }
        #expect(gone, "the pod without a manifest still runs")
      }
    }
  }
}
