import Foundation
import Glibc
import KubeModel
import LinuxSystem
import RuntimeAPI
import Store
import TestSupport
import Testing

@testable import Kubelet

@Suite("Files of volumes") struct VolumeFilesTests {
  func withRoot(_ body: (String) async throws -> Void) async throws {
    let root = NSTemporaryDirectory() + "volume-files-\(UUID().uuidString)"
    try makeDirectory(root, mode: 0o755)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try await body(root)
  }

  func pod(labels: [String: String] = ["a": "1", "b": "x\"y"]) -> Pod {
    var pod = Pod.test()
    pod.metadata.labels = labels
    pod.spec.containers[0].resources = ResourceRequirements(limits: ["cpu": Quantity(milli: 250)])
    pod.spec.volumes = [
      KubeModel.Volume(
        name: "v",
        downwardAPI: DownwardAPIVolumeSource(items: [
          DownwardAPIVolumeFile(path: "labels", fieldRef: ObjectFieldSelector(fieldPath: "metadata.labels")),
          DownwardAPIVolumeFile(path: "deep/name", fieldRef: ObjectFieldSelector(fieldPath: "metadata.name"), mode: 0o400),
          DownwardAPIVolumeFile(
            path: "cpu",
            resourceFieldRef: ResourceFieldSelector(resource: "limits.cpu", containerName: "app", divisor: Quantity(milli: 1))),
        ]))
    ]
    return pod
  }

  @Test("a downwardAPI volume has the pod's fields, and follows them all at once") func downwardAPI() async throws {
    try await withRoot { root in
      let ledger = Ledger(in: try Store(path: nil))
      let paths = PodPaths(root: root, logs: root, uid: PodUID("u1"), namespace: "default", name: "p")
      let volume = try #require(PodVolumes(pod(), paths: paths, ledger: ledger, node: TestNode.facts).volumes["v"])
      #expect(try volume.setUp())
      #expect(try !volume.setUp())
      let place = volume.hostPath
      #expect(try readFile("\(place)/labels") == "a=\"1\"\nb=\"x\\\"y\"")
      #expect(try readFile("\(place)/deep/name") == "web-node1")
      #expect(try HostFiles.facts("\(place)/deep/name")?.mode == 0o400)
      #expect(try readFile("\(place)/cpu") == "250")
      let before = try HostFiles.linkTarget("\(place)/..data")
      let edited = try #require(
        PodVolumes(pod(labels: ["a": "2"]), paths: paths, ledger: ledger, node: TestNode.facts).volumes["v"])
      #expect(try edited.setUp())
      #expect(try readFile("\(place)/labels") == "a=\"2\"")
      #expect(try HostFiles.linkTarget("\(place)/..data") != before)
      #expect(
        try listDirectory(place).sorted().map { $0.hasPrefix("..1") || $0.hasPrefix("..2") ? "..T" : $0 }.sorted() == [
          "..T", "..data", "cpu", "deep", "labels",
        ])
      let container = Container(name: "app", volumeMounts: [VolumeMount(mountPath: "/v", name: "v")])
      let mounts = try VolumeMounts.mounts(container, volumes: ["v": volume], environment: [:], paths: paths).mounts
      #expect(mounts.map(\.readOnly) == [true])
    }
  }

  @Test(
    "a group is given to what is in a tree, never through a link, and given once", .enabled(if: geteuid() == 0, "needs CAP_CHOWN"))
  func ownership() async throws {
    try await withRoot { root in
      try writeFile("\(root)/host", "x", mode: 0o600)
      var pod = Pod.test()
      pod.spec.volumes = [KubeModel.Volume(name: "v", emptyDir: EmptyDirVolumeSource())]
      pod.spec.securityContext = PodSecurityContext(fsGroup: 1234)
      let paths = PodPaths(root: root, logs: root, uid: PodUID("u1"), namespace: "default", name: "p")
      let ledger = Ledger(in: try Store(path: nil))
      let place = paths.volume(plugin: "empty-dir", "v")
      try makeDirectory("\(place)/dir", mode: 0o700)
      try writeFile("\(place)/dir/file", "x", mode: 0o600)
      try FileManager.default.createSymbolicLink(atPath: "\(place)/dir/link", withDestinationPath: "\(root)/host")
      let volumes = PodVolumes(pod, paths: paths, ledger: ledger, node: TestNode.facts)
      try await volumes.setUp()
      let host = try #require(try HostFiles.facts("\(root)/host"))
      #expect(host.gid == 0 && host.mode == 0o600)
      let file = try #require(try HostFiles.facts("\(place)/dir/file"))
      #expect(file.gid == 1234 && file.mode == 0o660)
      #expect(try HostFiles.facts("\(place)/dir")?.mode == 0o2770)
      // A later agent finds it done.
      try HostFiles.changeMode("\(place)/dir/file", 0o600)
      try await PodVolumes(pod, paths: paths, ledger: ledger, node: TestNode.facts).setUp()
      #expect(try HostFiles.facts("\(place)/dir/file")?.mode == 0o600)
      try await volumes.tearDown()
    }
  }

  @Test(
    "OnRootMismatch leaves a volume alone whose root already belongs to the group; Always does not",
    .enabled(if: geteuid() == 0, "needs CAP_CHOWN"), arguments: [(true, UInt32(0o600)), (false, 0o660)])
  func onRootMismatch(onlyOnMismatch: Bool, mode: UInt32) async throws {
    try await withRoot { root in
      try makeDirectory("\(root)/v", mode: 0o755)
      try writeFile("\(root)/v/file", "x", mode: 0o600)
      try VolumeOwnership.apply("\(root)/v", group: 1234, onlyOnMismatch: true)
      #expect(try HostFiles.facts("\(root)/v/file")?.mode == 0o660 && HostFiles.facts("\(root)/v")?.gid == 1234)
      try HostFiles.changeMode("\(root)/v/file", 0o600)
      try VolumeOwnership.apply("\(root)/v", group: 1234, onlyOnMismatch: onlyOnMismatch)
      #expect(try HostFiles.facts("\(root)/v/file")?.mode == mode)
      // Another group is a mismatch.
      try VolumeOwnership.apply("\(root)/v", group: 1235, onlyOnMismatch: onlyOnMismatch)
      #expect(try HostFiles.facts("\(root)/v/file")?.gid == 1235)
    }
  }

  @Test("a place that hangs holds one thread however often it is tried", .timeLimit(.minutes(5))) func hanging() async throws {
    let calls = VolumeCalls()
    let gate = DispatchSemaphore(value: 0)
    let started = DispatchSemaphore(value: 0)
    let first = Task {
      try await calls.run("u/v", what: "setting up", seconds: 0) { () throws(KubeletError) in
        started.signal()
        gate.wait()
      }
    }
    await runBlocking { started.wait() }
    await #expect(throws: KubeletError.self) { try await first.value }
    for _ in 0..<3 {
      // It would be waited for longer than the test may take.
      await #expect(throws: KubeletError.self) { try await calls.run("u/v", what: "setting up", seconds: 86_400) {} }
    }
    // Another place is not held up.
    try await calls.run("u/w", what: "setting up", seconds: 86_400) {}
    gate.signal()
    let isFree = await eventually { (try? await calls.run("u/v", what: "setting up", seconds: 86_400) {}) != nil }
    #expect(isFree)
  }
}
