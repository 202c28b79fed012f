import KubeModel
import LinuxSystem
import Store
import Testing

@testable import Kubelet

@Suite("Removing pods whose volumes cannot be made") struct VolumeTeardownTests {
  static let volumes: [KubeModel.Volume] = [
    KubeModel.Volume(name: "v", nfs: NFSVolumeSource(path: "/x", server: "s")),
    KubeModel.Volume(name: "v", image: ImageVolumeSource(reference: "x")),
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
