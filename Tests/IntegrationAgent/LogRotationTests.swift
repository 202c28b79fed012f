import AgentSupport
import Foundation
import KubeModel
import LinuxSystem
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("Logs of static pods", .timeLimit(.minutes(5)))
  struct LogRotationTests {
    @Test("are rotated while they are written, compressed, and followed from file to file, with every line")
    func rotated() async throws {
      var options = AgentFixture.Options(images: ["busybox"])
      options.configuration = "containerLogMaxSize: 20Ki\ncontainerLogMaxFiles: 3\ncontainerLogMonitorInterval: 3s\n"
      try await AgentFixture.with(options) { agent in
        try agent.writeManifest(
          "count.yaml",
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: count}
          spec:
            restartPolicy: Never
            containers:
            - name: counter
              image: localhost/busybox:latest
              imagePullPolicy: Never
              command: [sh, -c, "i=0; until [ -e /runs/stop ]; do seq $((i*50+1)) $((i*50+50)); i=$((i+1)); sleep 0.05; done"]
              volumeMounts: [{name: runs, mountPath: /runs}]
            volumes: [{name: runs, hostPath: {path: \(agent.base), type: Directory}}]
          """)
        try await agent.waitForPod("count", "running") { $0.isRunning }
        let id = try #require(try await agent.containers("count").first).id
        let log = try await agent.status(id).logPath
        let directory = String(log[..<(log.lastIndex(of: "/") ?? log.startIndex)])
        let follower = Task { try await runBlocking { () throws(any Error) in try agent.swiftctl("logs", "-f", "counter") } }
        func names() -> [String] { ((try? listDirectory(directory)) ?? []).sorted() }
        // A third one takes the place of the first.
        let first = await eventually { names().count == 2 }
        #expect(first)
        let oldest = names().last ?? ""
        let isFull = await eventually { names().count == 3 && !names().contains { $0.hasPrefix(oldest) } }
        #expect(isFull, "\(names())")
        // The newest of the old ones is compressed with the next rotation.
        let isPacked = await eventually { names().filter { $0.hasSuffix(".gz") }.count == 1 }
        #expect(isPacked, "\(names())")
        try Data().write(to: URL(filePath: "\(agent.base)/stop"))
        try await agent.waitForPod("count", "ended") { $0.status.phase == "Succeeded" }
        let said = try await follower.value
        let numbers = said.output.split(separator: "\n").map { Int($0) ?? -1 }
        #expect(said.status == 0 && numbers.count > 1000 && numbers == Array(1...max(1, numbers.count)))
        let last = ContainerLog(log).lines.last?.text ?? ""
        #expect(last.isEmpty || Int(last) == numbers.last)
      }
    }
  }
}
