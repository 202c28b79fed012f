import AgentSupport
import CRIClient
import Foundation
import KubeModel
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("Static pods", .timeLimit(.minutes(5)))
  struct StaticPodTests {
    static let web = """
      apiVersion: v1
      kind: Pod
      metadata: {name: web, labels: {app: web}}
      spec:
        terminationGracePeriodSeconds: 5
        containers:
        - name: server
          image: localhost/web:latest
          imagePullPolicy: Never
          ports: [{containerPort: 80}]
          readinessProbe: {httpGet: {path: /healthz, port: 80}, periodSeconds: 1}
      """

    @Test("A manifest file becomes a running pod that answers on its address, and its removal ends the pod")
    func life() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("web.yaml", Self.web)
        let pod = try await agent.waitForPod("web", "ready") { pod in
          pod.isRunning && pod.status(of: "server")?.ready == true
        }
        let address = try #require(pod.status.podIP)
        #expect(try await HostNetwork.get(address, 80).contains("200 OK"))
        #expect(pod.status.qosClass == "BestEffort")
        #expect(pod.status(of: "server")?.restartCount == 0)

        let container = try #require(try await agent.containers("web").first)
        let status = try await agent.runtime.containerStatus(container.id, verbose: false).status
        #expect(await eventually { ContainerLog(status.logPath).text.contains("web: serving /www on port 80") })
        #expect(status.logPath.hasPrefix(agent.logs))
        #expect(try await agent.shell("web", "server", "hostname") == "web-\(agent.nodeName)")
        #expect(try await agent.shell("web", "server", "ip -4 addr show eth0").contains(address))

        let list = try await HostNetwork.get("127.0.0.1", agent.readOnlyPort, "/pods")
        #expect(list.contains("\"kind\":\"PodList\"") && list.contains("\"podIP\":\"\(address)\""))
        #expect(try await HostNetwork.get("127.0.0.1", agent.healthzPort, "/healthz").hasSuffix("ok"))
        #expect(try await agent.leaks() == [])

        try agent.removeManifest("web.yaml")
        try await agent.waitUntilGone("web")
        #expect(await eventually { (try? await agent.runtime.listPodSandboxes(SandboxFilter()))?.isEmpty == true })
        let ended = await eventually { Leftovers(of: agent).processes().isEmpty }
        #expect(ended, "\(Leftovers(of: agent).processes())")
      }
    }

    @Test("A bad manifest keeps the last good pod, and a good one replaces it")
    func badManifest() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("web.yaml", Self.web)
        try await agent.waitForPod("web", "running") { $0.isRunning }
        let first = try #require(try await agent.containers("web").first).id
        try agent.writeManifest("web.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containres: []}\n")
        let complained = await eventually { agent.lastLogLines(10_000).contains("containres") }
        #expect(complained, "the log does not name the field")
        #expect(try await agent.containers("web").map(\.id) == [first])
        try agent.writeManifest("web.yaml", Self.web.replacingOccurrences(of: "app: web", with: "app: web, version: \"2\""))
        try await agent.waitForPod("web", "replaced") { $0.metadata.labels?["version"] == "2" && $0.isRunning }
      }
    }

    @Test("Of two files with one pod name one wins, and the other takes its place when it goes")
    func sameName() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("a.yaml", Self.web.replacingOccurrences(of: "app: web", with: "app: web, file: a"))
        try await agent.waitForPod("web", "running") { $0.isRunning && $0.metadata.labels?["file"] == "a" }
        try agent.writeManifest("b.yaml", Self.web.replacingOccurrences(of: "app: web", with: "app: web, file: b"))
        #expect(await eventually { agent.lastLogLines(10_000).contains("DuplicatePod") })
        #expect(try await agent.pod("web")?.metadata.labels?["file"] == "a")
        #expect(try await agent.containers("web").filter { $0.state == .running }.count == 1)
        try agent.removeManifest("a.yaml")
        try await agent.waitForPod("web", "of the other file") { $0.isRunning && $0.metadata.labels?["file"] == "b" }
      }
    }
  }
}
