import AgentSupport
import CRIClient
import Foundation
import KubeModel
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("Traces of starts", .timeLimit(.minutes(5)))
  struct TraceTests {
    /// A step's parts lie within it.
    private static func parent(of step: StartTrace.Step, in trace: StartTrace) -> StartTrace.Step? {
      trace.steps.last {
        $0.level + 1 == step.level && $0.offsetNanoseconds <= step.offsetNanoseconds && $0.endNanoseconds >= step.endNanoseconds
          && ($0.container.isEmpty || $0.container == step.container)
      }
    }

    private static let createParts = ["spec", "record", "writable layer", "cgroup", "mounts, program", "process", "rows"]

    @Test("A static pod's start is told step by step, from the file to Running, also afterwards")
    func staticPod() async throws {
      try await AgentFixture.with(.init(images: ["web"])) { agent in
        try agent.writeManifest("web.yaml", StaticPodTests.web)
        try await agent.waitForPod("web", "running") { $0.isRunning }
        let name = "web-\(agent.nodeName)"
        // Right after the status is shown.
        let isOver = try await eventually {
          try await agent.node.startTraces(namespace: "default", name: name).first?.isFinished == true
        }
        #expect(isOver)
        let trace = try #require(try await agent.node.startTraces(namespace: "default", name: name).first)
        let outermost = trace.steps.filter { $0.level == 0 }
        // The image is looked for beside the sandbox or after it.
        #expect(
          outermost.map(\.name).filter { $0 != "image" } == [
            "manifest read", "admitted", "cgroup, directories, volumes", "sandbox", "container", "shown as running",
          ])
        #expect(outermost.filter { $0.name == "image" }.map(\.container) == ["server"])
        #expect(trace.steps.filter { $0.level == 1 }.map(\.name) == ["RunPodSandbox", "CreateContainer", "StartContainer"])
        let parts = trace.steps.filter { $0.level == 2 }
        #expect(parts.filter { $0.container == "server" }.map(\.name) == Self.createParts)
        #expect(
          Set(parts.filter { $0.container.isEmpty }.map(\.name)) == [
            "network", "files, record, cgroup", "podshim", "pause", "rows",
          ])
        for step in trace.steps where step.level > 0 { #expect(Self.parent(of: step, in: trace) != nil, "\(step)") }

        // From the file to the status without a break at either end; but for the image nothing runs beside another step, so that the steps
        // and the waiting between them add up to the whole.
        #expect(outermost.first?.offsetNanoseconds == 0 && outermost.last?.endNanoseconds == trace.durationNanoseconds)
        let chain = outermost.filter { $0.name != "image" }
        #expect(zip(chain, chain.dropFirst()).allSatisfy { $0.endNanoseconds <= $1.offsetNanoseconds }, "\(chain)")
        #expect(chain[0].endNanoseconds == chain[1].offsetNanoseconds && chain[4].endNanoseconds == chain[5].offsetNanoseconds)
        // What is measured is what a reader waited for: no step lasted longer than the start.
        #expect(trace.startedAt > 0 && wall() - trace.startedAt < 120_000_000_000)

        // A container that starts again is no part of it.
        let container = try #require(try await agent.containers("web").first)
        try await agent.runtime.stopContainer(container.id, timeout: 0)
        try await agent.waitForPod("web", "restarted") { $0.status(of: "server")?.restartCount == 1 && $0.isRunning }
        #expect(try await agent.node.startTraces(namespace: "", name: name).first?.steps == trace.steps)

        let shown = try agent.swiftctl("trace", name)
        #expect(shown.status == 0, "\(shown.error)")
        for word in ["default/\(name)", "    network", "  CreateContainer (server)", "shown as running", "===="] {
          #expect(shown.output.contains(word), "\(shown.output)")
        }
        #expect(try agent.swiftctl("trace").output.contains(name))
        #expect(try agent.swiftctl("trace", trace.uid, "-o", "json").output.contains("\"durationNanoseconds\""))
        let unknown = try agent.swiftctl("trace", "nosuch")
        #expect(unknown.status == 1 && unknown.error.contains("no trace of a pod called nosuch"))
      }
    }

    @Test("A pod that a CRI client starts is traced from RunPodSandbox on")
    func client() async throws {
      try await AgentFixture.with(.init(images: ["busybox", "payload"], runtimeOnly: true)) { agent in
        let pod = try await agent.sandbox("traced")
        _ = try await pod.stay("first")
        _ = try await pod.stay("second")
        let trace = try #require(try await agent.node.startTraces(namespace: "", name: "traced").first)
        #expect(
          trace.steps.filter { $0.level == 1 }.map { "\($0.name) \($0.container)" } == [
            "RunPodSandbox ", "CreateContainer first", "StartContainer first", "CreateContainer second", "StartContainer second",
          ])
        #expect(trace.steps.filter { $0.container == "second" && $0.level == 2 }.map(\.name) == Self.createParts)
        for step in trace.steps where step.level > 1 { #expect(Self.parent(of: step, in: trace) != nil, "\(step)") }
        let shown = try agent.swiftctl("trace", "traced")
        #expect(shown.output.contains("\nRunPodSandbox ") && shown.output.contains("\n  pause "), "\(shown.output)")
        try await pod.remove()
      }
    }

    private func wall() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }
  }
}
