import AgentSupport
import CRIClient
import Foundation
import KubeModel
import RegistrySupport
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("Pods whose images are in a registry", .timeLimit(.minutes(5)))
  struct RegistryPodTests {
    /// The blobs of an archive that is an OCI layout, by digest, and its manifest.
    private struct Layout: Sendable {
      var blobs: [String: [UInt8]] = [:]
      var manifest = ""

      init(_ archive: String) throws {
        let scratch = try ScratchDirectory("layout")
        defer { scratch.remove() }
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
        tar.arguments = ["-xf", archive, "-C", scratch.path]
        try tar.run()
        tar.waitForEnd()
        for name in HostState.names(scratch["blobs/sha256"]) { blobs["sha256:\(name)"] = try scratch.bytes("blobs/sha256/\(name)") }
        struct Index: Decodable {
          struct Entry: Decodable { let digest: String }
          let manifests: [Entry]
        }
        manifest = try JSONDecoder().decode(Index.self, from: Data(try scratch.bytes("index.json"))).manifests.first?.digest ?? ""
      }

      func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
        let name = request.path.split(separator: "/").last.map(String.init) ?? ""
        let digest = name == "v1" ? manifest : name
        guard let bytes = blobs[digest] else { return .init(status: "404 Not Found") }
        let type = digest == manifest ? "application/vnd.oci.image.manifest.v1+json" : "application/octet-stream"
        return .init(headers: [("Content-Type", type)], body: bytes)
      }
    }

    private static func manifest(_ name: String, _ image: String, _ policy: String) -> String {
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: \(name)}
      spec:
        hostNetwork: true
        terminationGracePeriodSeconds: 0
        containers: [{name: c, image: "\(image)", imagePullPolicy: \(policy), command: [sleep, "100000"]}]
      """
    }

    @Test("the registry is asked as imagePullPolicy says, and events tell how it went")
    func policies() async throws {
      let layout = try Layout(try FixtureImages.path("busybox"))
      try await ScriptedServer.with {
        layout.answer($0)
      } _: { server in
        try await AgentFixture.with(.init(images: [])) { agent in
          let image = "\(server.registry)/team/busybox:v1"
          func asked() -> Int { server.seen.count { $0.path.contains("/manifests/v1") } }
          func blobs() -> Int { server.seen.count { $0.path.contains("/blobs/") } }

          try agent.writeManifest("first.yaml", Self.manifest("first", image, "IfNotPresent"))
          try await agent.waitForPod("first", "running") { $0.isRunning }
          #expect(asked() == 1)
          let got = blobs()
          try agent.writeManifest("second.yaml", Self.manifest("second", image, "IfNotPresent"))
          try await agent.waitForPod("second", "running") { $0.isRunning }
          #expect(asked() == 1)
          try agent.writeManifest("third.yaml", Self.manifest("third", image, "Always"))
          try await agent.waitForPod("third", "running") { $0.isRunning }
          #expect(asked() == 2)
          #expect(blobs() == got)

          try agent.writeManifest("never.yaml", Self.manifest("never", "\(server.registry)/team/other:v1", "Never"))
          try await agent.waitForPod("never", "refused") { $0.status(of: "c")?.state?.waiting?.reason == "ErrImageNeverPull" }
          try agent.writeManifest("absent.yaml", Self.manifest("absent", "\(server.registry)/team/busybox:v2", "Always"))
          try await agent.waitForPod("absent", "waiting") {
            ["ErrImagePull", "ImagePullBackOff"].contains($0.status(of: "c")?.state?.waiting?.reason)
          }

          let info = try #require(try await agent.runtime.imageStatus(image, verbose: false)?.image)
          #expect(info.repoTags == [image] && info.repoDigests == ["\(server.registry)/team/busybox@\(layout.manifest)"])
          var messages: [String] = []
          for try await event in try await agent.node.events(after: 0, follow: false) { messages.append(event.message) }
          #expect(messages.contains("Pulling image \"\(image)\""))
          #expect(
            messages.contains {
              $0.hasPrefix("Successfully pulled image \"\(image)\" in ") && $0.contains("Image size: \(info.size) bytes")
            })
          #expect(messages.contains { $0.contains("has no manifests/v2 of team/busybox: HTTP 404") })
        }
      }
    }

    @Test("swiftctl pull shows how far it is, and ending it ends the pull")
    func progress() async throws {
      let layout = try Layout(try FixtureImages.path("busybox"))
      let largest = layout.blobs.max { $0.value.count < $1.value.count }?.key ?? ""
      try await ScriptedServer.with { request in
        let answer = layout.answer(request)
        guard request.path.contains("/slow/"), request.path.hasSuffix(largest) else { return answer }
        return .init(body: Array(answer.body.prefix(1000)), length: answer.body.count, hangs: true)
      } _: { server in
        try await AgentFixture.with(.init(images: [], runtimeOnly: true)) { agent in
          var last: ImageImportProgress?
          for try await progress in try await agent.node.pullImage("\(server.registry)/team/busybox:v1", auth: nil) {
            last = progress
          }
          #expect(last?.done == true && last?.repoTags == ["\(server.registry)/team/busybox:v1"])
          try await agent.runtime.removeImage("\(server.registry)/team/busybox:v1")

          let slow = Task {
            for try await _ in try await agent.node.pullImage("\(server.registry)/slow/busybox:v1", auth: nil) {}
          }
          #expect(await eventually { server.seen.contains { $0.path.contains("/slow/") && $0.path.hasSuffix(largest) } })
          slow.cancel()
          _ = await slow.result
          #expect(await eventually { server.openConnections == 0 })
          #expect(await eventually { HostState.names("\(agent.root)/layers").isEmpty })
        }
      }
    }
  }
}
