import Foundation
import KubeModel
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("What pods left that are no more", .timeLimit(.minutes(5))) struct OrphanSweepTests {
  private func make(_ node: TestNode, _ path: String) throws {
    try FileManager.default.createDirectory(atPath: "\(node.root)/\(path)", withIntermediateDirectories: true)
  }
  private func exists(_ node: TestNode, _ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(node.root)/\(path)") }

  @Test("directories and logs of a pod without a record go at start; those of pods that live stay, and logs of others")
  func start() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.stop()
      try make(node, "pods/lost/volumes/kubernetes.io~empty-dir/v")
      try make(node, "logs/default_old_lost/app")
      try make(node, "logs/default_other_someone")
      node.start()
      await node.eventually("swept") { !exists(node, "pods/lost") && !exists(node, "logs/default_old_lost") }
      #expect(exists(node, "pods/u1/volumes") && exists(node, "logs/default_other_someone"))
      #expect(exists(node, "logs/default_web-node1_u1"))
      #expect(node.runtime.running("app")?.metadata.attempt == 0)
      #expect(node.removedCgroups.withLock { $0 } == [PodUID("lost")])
    }
  }

  @Test("what is left later goes with the slow look")
  func later() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      try make(node, "pods/lost")
      await node.settle()
      await node.eventually("swept", passing: 30) { !exists(node, "pods/lost") }
      #expect(exists(node, "pods/u1"))
    }
  }

  @Test("nothing is swept before it is known what is wanted, nor while a pod cannot be read")
  func unknown() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.stop()
      node.runtime.goDown()
      try make(node, "pods/lost")
      node.start()
      await node.settle()
      #expect(exists(node, "pods/lost") && exists(node, "pods/u1/volumes"))
      // Who asks is not told that all is well.
      #expect(try await node.kubelet.leaks().map(\.kind) == ["unknown"])
      node.runtime.comeUp()
      await node.eventually("swept", passing: 1) { !exists(node, "pods/lost") }
      #expect(exists(node, "pods/u1/volumes"))
    }
  }

  @Test("an empty cgroup without a directory goes too; one in which something runs is named, and left alone")
  func cgroups() async throws {
    let removed = Mutex<[String]>([])
    @Sendable func found(_ uid: String, _ isPopulated: Bool) -> PodCgroups.Found {
      PodCgroups.Found(uid: PodUID(uid), path: "/kubepods/burstable/pod\(uid)", isPopulated: isPopulated)
    }
    // Somebody else's pod, which begins to run when it was seen empty.
    let looks = Mutex(0)
    let cgroups = PodCgroups(
      prepare: { _ in "" }, path: { _ in "" }, remove: { uid in removed.withLock { $0.append(uid.rawValue) } },
      found: {
        let look = looks.withLock { looks in
          looks += 1
          return looks
        }
        let all = [
          found("u1", true), found("waits", false), found("foreign", true), found("lost", false), found("starts", look > 1),
        ]
        return all.filter { cgroup in !removed.withLock { $0.contains(cgroup.uid.rawValue) } }
      })
    var waiting = Pod.test(uid: "waits", name: "waits-node1")
    waiting.spec.nodeName = "elsewhere"
    try await TestNode.with([.test(), waiting], cgroups: cgroups) { node in
      await node.eventually("swept") { removed.withLock { $0 } == ["lost"] }
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.settle()
      #expect(removed.withLock { $0 } == ["lost"])
      let leaks = try await node.kubelet.leaks()
      #expect(leaks.map(\.name) == ["/kubepods/burstable/podforeign", "/kubepods/burstable/podstarts"])
      #expect(leaks.first?.problem.contains("processes run in it") == true)
    }
  }

  @Test("doctor names the directory of a pod that nobody knows, until it is swept")
  func directories() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.settle()
      #expect(try await node.kubelet.leaks() == [])
      try make(node, "pods/lost")
      let leaks = try await node.kubelet.leaks()
      #expect(leaks.map(\.name) == ["\(node.root)/pods/lost"] && leaks.map(\.kind) == ["directory"])
      await node.eventually("swept", passing: 30) { !exists(node, "pods/lost") }
      #expect(try await node.kubelet.leaks() == [])
    }
  }
}
