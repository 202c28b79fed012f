import Foundation
import KubeModel
import RuntimeAPI
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
      node.runtime.comeUp()
      await node.eventually("swept", passing: 1) { !exists(node, "pods/lost") }
      #expect(exists(node, "pods/u1/volumes"))
    }
  }
}
