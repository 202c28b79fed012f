import Foundation
import KubeModel
import RuntimeAPI
import TestSupport
import Testing

@testable import Kubelet

@Suite("Links to the logs of containers", .timeLimit(.minutes(5))) struct LogLinksTests {
  private func links(_ node: TestNode) -> [String: String] {
    let directory = "\(node.root)/log/containers"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.map {
        ($0, (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")) ?? "")
      })
  }

  @Test("stand beside the logs of pods, one for each run that is kept, and go with them") func life() async throws {
    try await TestNode.with([.test()], logs: "log/pods") { node in
      let logs = "\(node.logs)/default_web-node1_u1/app"
      for attempt in 0..<3 {
        await node.eventually("run \(attempt)", passing: 1) {
          node.container("app")?.state?.running != nil && node.container("app")?.restartCount == Int32(attempt)
        }
        let id = node.runtime.running("app")?.id.rawValue ?? ""
        await node.eventually("linked") { links(node)["web-node1_default_app-\(id).log"] == "\(logs)/\(attempt).log" }
        // What the runtime writes.
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(logs)/\(attempt).log"))
        if attempt < 2 { node.runtime.exit("app", code: 1) }
      }
      await node.eventually("the oldest is gone") { Set(links(node).values) == ["\(logs)/1.log", "\(logs)/2.log"] }
      node.want([])
      await node.eventually("all are gone") { links(node).isEmpty }
    }
  }

  @Test("of pods that are no more go with the slow look; those of others and of logs that are away for a moment stay")
  func sweep() async throws {
    try await TestNode.with([.test()], logs: "log/pods") { node in
      await node.eventually("runs") { node.container("app")?.ready == true && links(node).count == 1 }
      let directory = "\(node.root)/log/containers"
      for (name, target) in [("dead.log", "\(node.logs)/default_old_u9/app/0.log"), ("other.log", "/nowhere/0.log")] {
        try FileManager.default.createSymbolicLink(atPath: "\(directory)/\(name)", withDestinationPath: target)
      }
      await node.pass(seconds: 340)
      await node.eventually("swept") { links(node)["dead.log"] == nil }
      #expect(links(node).count == 2 && links(node)["other.log"] != nil)
    }
  }

  @Test("no pod stays because its links cannot be removed: their directory is a link itself") func linked() async throws {
    try await TestNode.with([], logs: "log/pods") { node in
      try FileManager.default.createDirectory(atPath: "\(node.root)/log/elsewhere", withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: "\(node.root)/log/containers", withDestinationPath: "\(node.root)/log/elsewhere")
      node.want([.test()])
      await node.eventually("runs") { node.container("app")?.ready == true && links(node).count == 1 }
      node.want([])
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty }
      await node.eventually("its record, too") {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(node.root)/pods"))?.isEmpty ?? true
      }
    }
  }

  @Test("are made for a directory of that name only, and their names fit") func names() {
    #expect(LogLinks(logs: "/var/log/pods").directory == "/var/log/containers" && LogLinks(logs: "/tmp/logs").directory == nil)
    let paths = PodPaths(root: "/r", logs: "/l", uid: PodUID("u"), namespace: "ns", name: String(repeating: "n", count: 240))
    #expect(LogLinks.name(paths, container: "app", id: "0123456789abcdef").utf8.count == 255)
  }
}
