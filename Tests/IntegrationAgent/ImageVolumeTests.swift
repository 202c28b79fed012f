import AgentSupport
import CRIClient
import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("CRI: images as volumes", .timeLimit(.minutes(5)))
  struct ImageVolumeTests {
    private static let image = ImageSpec(image: "localhost/payload:latest")

    @Test("An image is mounted read-only, whole or in parts, can be run from, and the status has its id")
    func content() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("volumes") { $0.securityContext.privileged = true }
        let id = try await pod.stay("c") { config in
          config.securityContext.privileged = true
          config.mounts = [
            Mount(containerPath: "/whole", readOnly: true, image: Self.image),
            Mount(containerPath: "/part", readOnly: true, image: Self.image, imageSubPath: "bin"),
            Mount(containerPath: "/file", readOnly: true, image: Self.image, imageSubPath: "bin/payload"),
          ]
        }
        func shell(_ script: String) async throws -> String {
          try await agent.exec(id, ["sh", "-c", "exec 2>&1; \(script)"]).output
        }
        let run = try await shell("/whole/payload hostname")
        #expect(run == "volumes")
        let listed = try await shell("ls /part; cmp /part/payload /file && echo same")
        #expect(listed == "payload\nsame")
        // Whoever may remount finds that the file system itself cannot be written.
        let written = try await shell("touch /whole/x; mount -o remount,bind,rw /whole; touch /whole/x && echo written")
        #expect(!written.contains("written") && written.contains("Read-only file system"), "\(written)")
        let expected = try #require(try await agent.runtime.imageStatus(Self.image.image, verbose: false)).image.id.rawValue
        let mounts = try await agent.status(id).mounts
        #expect(mounts.map { $0.image?.imageRef } == [expected, expected, expected])
        #expect(mounts.map(\.imageSubPath) == ["", "bin", "bin/payload"])
      }
    }

    @Test("What cannot be mounted is refused with the words kubelets look for, and nothing of the container stays")
    func refused() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("refused")
        let host = "\(agent.base)/host"
        let cases: [(Mount, RuntimeError.Code, String)] = [
          (
            Mount(containerPath: "/v", readOnly: true, image: ImageSpec(image: "localhost/none:1")), .notFound,
            "ImageVolumeMountFailed"
          ),
          (
            Mount(containerPath: "/v", readOnly: true, image: Self.image, imageSubPath: "gone"), .invalidArgument,
            "ImageVolumeMountFailed"
          ),
          (
            Mount(containerPath: "/v", readOnly: true, image: Self.image, imageSubPath: "../../../etc/hostname"), .invalidArgument,
            "ImageVolumeMountFailed"
          ),
          (Mount(containerPath: "/v", image: Self.image), .invalidArgument, "container c: mount /v"),
          (Mount(containerPath: "/v", hostPath: host, readOnly: true, image: Self.image), .invalidArgument, ""),
          (
            Mount(containerPath: "/v", readOnly: true, propagation: .hostToContainer, image: Self.image), .invalidArgument,
            "container c: mount /v"
          ),
        ]
        for (mount, code, beginning) in cases {
          let error = await #expect(throws: RuntimeError.self) {
            try await pod.create("c", image: "busybox") { $0.mounts = [mount] }
          }
          #expect(error?.code == code && error?.message.hasPrefix(beginning) == true, "\(mount): \(String(describing: error))")
        }
        #expect(try await agent.runtime.listContainers(ContainerFilter()).isEmpty)
      }
    }

    @Test("An image that is removed stays as long as a container mounts it, over a restart of the agent, and then goes")
    func inUse() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("use")
        let mounting = { @Sendable (config: inout ContainerConfig) in
          config.mounts = [Mount(containerPath: "/v", readOnly: true, image: Self.image)]
        }
        let first = try await pod.stay("first", mounting)
        let second = try await pod.stay("second", mounting)
        let layers = { try FileManager.default.contentsOfDirectory(atPath: "\(agent.root)/layers").count }
        let before = try layers()
        try await agent.runtime.removeImage(Self.image.image)
        #expect(try await agent.runtime.imageStatus(Self.image.image, verbose: false) == nil)
        #expect(try await agent.exec(first, ["/v/payload", "hostname"]).output == "use")
        try await agent.restart()
        try await agent.runtime.removeContainer(first)
        _ = try await agent.node.collectGarbage(dryRun: false)
        #expect(try await agent.exec(second, ["/v/payload", "hostname"]).output == "use")
        #expect(try await agent.status(second).mounts.first?.image?.imageRef.hasPrefix("sha256:") == true)
        #expect(try layers() == before)
        try await pod.remove()
        _ = try await agent.node.collectGarbage(dryRun: false)
        #expect(try layers() < before)
        #expect(try await agent.leaks().isEmpty)
      }
    }

    @Test(
      "What an image declares as volumes begins with the image's content, can be written under a read-only root, and goes with the container",
      arguments: [nil, UserNamespaceOption(mode: .pod, uids: [ids], gids: [ids])])
    func declared(_ users: UserNamespaceOption?) async throws {
      var options = CRILifecycleTests.options
      options.images = ["volumes"]
      try await AgentFixture.with(options) { agent in
        let host = "\(agent.base)/host"
        let pod = try await agent.sandbox("declared") { $0.securityContext.namespaces.user = users }
        func make(_ name: String) async throws -> ContainerID {
          try await pod.start(name, ["sleep", "100000"], image: "volumes") { config in
            config.command = config.args
            config.args = []
            config.securityContext.namespaces.user = users
            config.securityContext.readOnlyRootFilesystem = true
            config.mounts = [Mount(containerPath: "/mounted", hostPath: host)]
          }
        }
        let id = try await make("c")
        let output = try await agent.exec(
          id,
          [
            "sh", "-c",
            """
            exec 2>&1
            cat /declared/file /linked/file; stat -c %u /declared /missing/deep
            echo new > /declared/file; mv /declared/deep /declared/moved; touch /missing/deep/x /linked/y && echo written
            touch /root-file || echo refused; ls /mounted | wc -l; cat /declared/file; ls /declared /missing/deep /inside
            """,
          ])
        #expect(
          output.output.split(separator: "\n").map(String.init)
            == [
              "of the image", "behind the link", "0", "0", "written", "touch: /root-file: Read-only file system", "refused", "0",
              "new",
              "/declared:", "file", "moved", "", "/inside:", "file", "y", "", "/missing/deep:", "x",
            ].filter { !$0.isEmpty }, "\(output.output)")
        #expect(try await agent.status(id).mounts.map(\.containerPath) == ["/mounted"])
        let other = try await make("other")
        #expect(try await agent.exec(other, ["cat", "/declared/file"]).output == "of the image")
        #expect(FileManager.default.fileExists(atPath: "\(agent.root)/containers/\(id)/volumes"))
        try await agent.runtime.removeContainer(id)
        #expect(!FileManager.default.fileExists(atPath: "\(agent.root)/containers/\(id)"))
      }
    }
    private static let ids = IDMappingValue(hostID: 196_608, containerID: 0, length: 65536)

    @Test("A part that an image's links lead to lies in the image, whatever they say")
    func hostileLinks() async throws {
      try await ScratchDirectory.with { scratch in
        let (layer, secret) = (scratch["layer"], scratch["secret"])
        for directory in ["\(layer)/inside", secret, scratch["mount"]] { try makeDirectory(directory, mode: 0o755) }
        try writeFile("\(secret)/word", "of the host")
        for (name, target) in [
          ("absolute", secret), ("up", "../../../../../../..\(secret)"), ("kernel", "/proc/self/root\(secret)"),
          ("good", "/inside"),
        ] {
          try FileManager.default.createSymbolicLink(atPath: "\(layer)/\(name)", withDestinationPath: target)
        }
        try #require(unsafe mkfifo("\(layer)/fifo", 0o600) == 0)
        let mount = LayeredMount(layers: [layer])
        for (part, code) in [("absolute", ENOENT), ("up", ENOENT), ("kernel", ENOENT), ("fifo", ENOTSUP), ("inside/x", ENOENT)] {
          let error = await #expect(throws: SystemCallError.self) {
            try await mount.make(scratch: scratch["mount"], parts: [part])
          }
          #expect(error?.code == code && error?.subject == part, "\(part): \(String(describing: error))")
        }
        #expect(try await mount.make(scratch: scratch["mount"], parts: ["good", "..", ""]).count == 3)
        #expect(!HostState.text("/proc/self/mountinfo").contains(scratch.path))
      }
    }
  }
}
