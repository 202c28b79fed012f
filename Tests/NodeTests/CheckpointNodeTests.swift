import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import TestSupport
import Testing

/// Debian's criu and kernel fit each other; a newer kernel may be beyond the criu that a distribution has.
@Suite("A checkpoint on a node with criu", .serialized)
struct CheckpointNodeTests {
  @Test("has the memory and files of a container, which goes on running", .timeLimit(.minutes(5)))
  func dump() async throws {
    try await NodeAgent.with { agent in
      try agent.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: dumped}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
            - name: counter
              image: localhost/busybox:latest
              imagePullPolicy: Never
              command: [sh, -c, 'echo changed > /file; i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.1; done']
              volumeMounts: [{name: data, mountPath: /data}]
          volumes: [{name: data, emptyDir: {}}]
        """, as: "dumped")
      let id = try await agent.container("counter", .running).id
      func count() async throws -> Int { Int(try await agent.exec(id, ["cat", "/count"], timeout: 60).output) ?? 0 }
      let counts = try await eventually { try await count() > 0 }
      #expect(counts)
      let archive = "\(agent.base)/checkpoint.tar"
      try await agent.runtime.checkpointContainer(id, location: archive, timeout: 100)
      let before = try await count()
      let goesOn = try await eventually { try await count() > before }
      #expect(goesOn, "the container stands still")
      #expect(try await agent.status(id).state == .running)
      let attributes = try FileManager.default.attributesOfItem(atPath: archive)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      let names = try Self.list(archive)
      for name in ["config.dump", "spec.dump", "status.dump", "dump.log", "stats-dump", "container.log", "rootfs-diff.tar"] {
        #expect(names.contains(name), "\(names)")
      }
      #expect(names.contains { $0.hasPrefix("checkpoint/pages-") } && names.contains { $0.hasPrefix("checkpoint/core-") })
      #expect(!FileManager.default.fileExists(atPath: "\(agent.root)/containers/\(id)/checkpoint"))
    }
  }

  private static func list(_ archive: String) throws -> [String] {
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/bin/tar")
    tar.arguments = ["--list", "--file", archive]
    let output = Pipe()
    tar.standardOutput = output
    try tar.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tar.waitUntilExit()
    return text.split(separator: "\n").map(String.init)
  }
}
