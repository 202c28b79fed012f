import AgentSupport
import CRIClient
import Foundation
import Glibc
import KubeModel
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("Static pods: user namespaces and images as volumes", .timeLimit(.minutes(5)))
  struct PodIsolationTests {
    @Test("A pod with hostUsers: false has ids of its own, for its volumes too, keeps them, and gives them back")
    func hostUsers() async throws {
      try await AgentFixture.with(PodFeatureTests.options) { agent in
        // A tmpfs can be idmapped since Linux 6.3.
        let release = HostState.text("/proc/sys/kernel/osrelease").split(separator: ".").prefix(2).compactMap { Int($0) }
        let memory = release.lexicographicallyPrecedes([6, 3]) ? "{}" : "{medium: Memory, sizeLimit: 1Mi}"
        for name in ["p", "q"] {
          try agent.writeManifest(
            "\(name).yaml",
            PodFeatureTests.manifest(
              name, script: "id -u > /work/id; echo bye > /dev/termination-log; sleep 1000",
              fields: ["volumeMounts: [{name: work, mountPath: /work}, {name: memory, mountPath: /memory}]"],
              spec: [
                "hostUsers: false",
                "volumes: [{name: work, emptyDir: {}}, {name: memory, emptyDir: \(memory)}]",
              ]))
        }
        func map(_ pod: String) async throws -> String {
          _ = try await agent.waitForPod(pod, "running") { $0.isRunning }
          return try await agent.shell(pod, "c", "cat /proc/self/uid_map | tr -s ' '")
        }
        let (first, second) = (try await map("p"), try await map("q"))
        #expect(
          first != second && [first, second].allSatisfy { $0.hasPrefix(" 0 ") && $0.hasSuffix(" 65536") }, "\(first) \(second)")
        #expect(
          try await agent.shell("p", "c", "stat -c %u /work/id /etc/hosts; cat /work/id; touch /memory/x && echo ok")
            == "0\n0\n0\nok")
        try await agent.restart()
        #expect(try await map("p") == first)
        for name in ["p", "q"] {
          try agent.removeManifest("\(name).yaml")
          try await agent.waitUntilGone(name)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(agent.root)/pods").isEmpty)
      }
    }

    @Test(
      "An image is a volume, whole and by subPath; one that cannot be had or has no such part is the reason the container waits for"
    )
    func imageVolumes() async throws {
      try await AgentFixture.with(AgentFixture.Options(images: ["busybox", "payload"])) { agent in
        func write(_ name: String, _ image: String, _ subPath: String) throws {
          try agent.writeManifest(
            "\(name).yaml",
            PodFeatureTests.manifest(
              name, script: "/whole/payload hostname; ls /part; sleep 1000",
              fields: [
                "env: [{name: PART, value: \(subPath)}]",
                "volumeMounts: [{name: v, mountPath: /whole}, {name: v, mountPath: /part, subPathExpr: $(PART)}]",
              ], spec: ["volumes: [{name: v, image: {reference: \"localhost/\(image)\", pullPolicy: Never}}]"]))
        }
        try write("good", "payload:latest", "bin")
        try write("missing", "none:latest", "bin")
        try write("nopart", "payload:latest", "gone")
        _ = try await agent.waitForPod("good", "running") { $0.isRunning }
        #expect(
          try await agent.shell("good", "c", "ls /part; touch /whole/x 2>&1").contains(
            "payload\ntouch: /whole/x: Read-only file system"))
        for (name, reason) in [("missing", "ErrImageNeverPull"), ("nopart", "ImageVolumeMountFailed")] {
          _ = try await agent.waitForPod(name, reason) { $0.status(of: "c")?.state?.waiting?.reason == reason }
        }
      }
    }
  }
}
