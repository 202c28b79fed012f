import KubeModel
import LinuxSystem
import TestSupport
import Testing

@testable import Kubelet
@testable import Store

@Suite("Removing pods whose volumes cannot be made") struct VolumeTeardownTests {
  static let volumes: [KubeModel.Volume] = [
    KubeModel.Volume(name: "v", nfs: NFSVolumeSource(path: "/x", server: "s")),
    KubeModel.Volume(name: "v", csi: CSIVolumeSource(driver: "x")),
    KubeModel.Volume(name: "v", emptyDir: EmptyDirVolumeSource(medium: "HugePages")),
    KubeModel.Volume(name: "v", hostPath: HostPathVolumeSource(path: "/dev/null/none", type: "Directory")),
  ]

  @Test("the pod goes when its manifest goes, and its name is free again", .timeLimit(.minutes(5)), arguments: volumes)
  func removed(volume: KubeModel.Volume) async throws {
    var pod = Pod.test()
    pod.spec.volumes = [volume]
    try await TestNode.with([pod]) { node in
      await node.eventually("it is refused or waits") {
        node.pod()?.status.phase == "Failed" || (try? node.kubelet.events.list().contains { $0.reason == "FailedMount" }) == true
      }
      #expect(node.container("app")?.ready != true)
      node.want([.test(uid: "u2")])
      await node.eventually("the repaired pod runs") { node.container("app", uid: "u2")?.ready == true }
      #expect(node.pod("u1") == nil)
      let left = try HostFiles.facts("\(node.root)/pods/u1")
      #expect(left == nil)
    }
  }

  @Test("files go although the database cannot write, as they may be what fills its disk; the record goes when it can")
  func fullDisk() throws {
    try ScratchDirectory.with("teardown") { scratch in
      let paths = PodPaths(root: scratch.path, logs: "/l", uid: PodUID("u"), namespace: "n", name: "p")
      for directory in [paths.volume(plugin: "empty-dir", "v"), "\(paths.subPaths)/v/c"] {
        try makeDirectory(directory, mode: 0o700)
        try writeFile("\(directory)/file", "x")
      }
      let store = try Store(path: nil)
      let ledger = Ledger(in: store)
      try ledger.record([Ledger.Entry(.mount, "/gone", owner: "u")])
      try store.transaction { try $0.connection.execute("PRAGMA query_only = 1") }
      #expect(throws: KubeletError.self) { try VolumeTeardown.run(paths, ledger: ledger) }
      #expect(try HostFiles.facts(paths.volumes) == nil && HostFiles.facts(paths.subPaths) == nil)
      try store.readNow { try $0.connection.execute("PRAGMA query_only = 0") }
      try VolumeTeardown.run(paths, ledger: ledger)
      #expect(try ledger.entries(owner: "u") == [])
    }
  }

  @Test("a mount that is not a volume stays and is named")
  func foreign() {
    let paths = PodPaths(root: "/r", logs: "/l", uid: PodUID("u"), namespace: "n", name: "p")
    let own = [paths.volume(plugin: "empty-dir", "v"), "\(paths.subPaths)/v/c/0"]
    let others = [
      paths.volumes, paths.pod, "\(own[0])/inner", "\(paths.subPaths)/v/c", "\(own[1])/inner", "\(paths.pod)/containers/c",
    ]
    #expect(own.allSatisfy { VolumeTeardown.isOwn($0, paths) })
    #expect(!others.contains { VolumeTeardown.isOwn($0, paths) })
  }
}
