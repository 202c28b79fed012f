import Foundation
import Glibc
import KubeModel
@testable import LinuxSystem
import Logging
import Store
import TestSupport
import Testing

@testable import Kubelet

@Suite("A source that cannot be read", .timeLimit(.minutes(5))) struct UnreadableSourceTests {
  private func manifest(_ name: String) -> Data {
    Data("apiVersion: v1\nkind: Pod\nmetadata: {name: \(name)}\nspec: {containers: [{name: c, image: x}]}\n".utf8)
  }

  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let root = NSTemporaryDirectory() + "unreadable-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root + "/m", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try await body(root)
  }

  /// A loop of links: open(2) and stat(2) fail with ELOOP, also for root.
  private func close(_ root: String) throws { try link(root, to: "m") }
  private func open(_ root: String) throws { try link(root, to: "away") }

  /// In one step: a directory that is absent for a moment is an empty one.
  private func link(_ root: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: root + "/new", withDestinationPath: target)
    guard unsafe rename(root + "/new", root + "/m") == 0 else { throw SystemCallError(call: "rename", subject: root, code: errno) }
  }

  /// The directory behind a link, which can be replaced.
  private func withLink(_ body: (String) async throws -> Void) async throws {
    try await withDirectory { root in
      try FileManager.default.moveItem(atPath: root + "/m", toPath: root + "/away")
      try open(root)
      try await body(root)
    }
  }

  @Test("a directory that cannot be listed is an error, one that is not there is empty")
  func scan() async throws {
    try await withLink { root in
      try manifest("a").write(to: URL(fileURLWithPath: root + "/m/a.yaml"))
      let directory = ManifestDirectory(path: root + "/m")
      #expect(try directory.scan(writing: []).count == 1)
      try close(root)
      #expect(throws: SystemCallError.self) { _ = try directory.scan(writing: []) }
      try open(root)
      #expect(try ManifestDirectory(path: root + "/none").scan(writing: []).isEmpty)
    }
  }

  @Test("what is no manifest to read is told in words")
  func words() async throws {
    try await withDirectory { root in
      let directory = ManifestDirectory(path: root + "/m")
      #expect(unsafe mkfifo(root + "/m/fifo.yaml", 0o600) == 0)
      try FileManager.default.createSymbolicLink(atPath: root + "/m/loop.yaml", withDestinationPath: "loop.yaml")
      #expect(FileManager.default.createFile(atPath: root + "/m/big.yaml", contents: Data(count: ManifestDirectory.limit + 1)))
      func reason(_ name: String) throws -> String? {
        if case .unreadable(let reason)? = try directory.scan(writing: [])["\(root)/m/\(name)"] { reason } else { nil }
      }
      #expect(try reason("fifo.yaml") == "\(root)/m/fifo.yaml: not a regular file")
      #expect(try reason("loop.yaml") == "\(root)/m/loop.yaml: cannot be read: Too many levels of symbolic links")
      #expect(try reason("big.yaml") == "\(root)/m/big.yaml: larger than 10 MiB, the most that a manifest may be")
    }
  }

  @Test("it says so once, takes no pod away, and tries again by itself")
  func retries() async throws {
    try await withLink { root in
      try manifest("a").write(to: URL(fileURLWithPath: root + "/m/a.yaml"))
      let source = FileSource(path: root + "/m", node: "n", settle: .milliseconds(5), logger: Logger(label: "test"))
      var snapshots = source.snapshots().makeAsyncIterator()
      let first = await snapshots.next(isolation: #isolation)
      #expect(first?.pods.count == 1)
      try close(root)
      let broken = await snapshots.next(isolation: #isolation)
      #expect(broken?.isUnreadable == true && broken?.events.map(\.reason) == [.sourceUnavailable])
      try await Task.sleep(for: .milliseconds(200))
      try manifest("b").write(to: URL(fileURLWithPath: root + "/away/b.yaml"))
      try open(root)
      let healed = await snapshots.next(isolation: #isolation)
      #expect(healed?.pods.compactMap(\.pod.metadata.name) == ["a-n", "b-n"])
    }
  }

  @Test("without notifications the files are read again from time to time")
  func relists() async throws {
    try await withDirectory { root in
      let watcher = ManifestWatcher(
        directory: ManifestDirectory(path: root + "/m"), settle: .zero, relist: (.milliseconds(20), .milliseconds(20)))
      _ = watcher.update()
      let change = try await watcher.next()
      #expect(change == .everything)
    }
  }

  @Test("a file that changed without a writer who closes it is not waited for beyond the next look")
  func noWriter() async throws {
    try await withDirectory { root in
      let path = root + "/m/a.yaml"
      try manifest("a").write(to: URL(fileURLWithPath: path))
      let watcher = ManifestWatcher(
        directory: ManifestDirectory(path: root + "/m"), settle: .zero, relist: (.milliseconds(300), .milliseconds(300)))
      #expect(watcher.update() == nil)
      #expect(unsafe truncate(path, 20) == 0)
      #expect(await eventually { watcher.pending > 0 })
      let change = try await watcher.next()
      #expect(change == .everything && watcher.writing == [])
    }
  }

  @Test("events that nobody can look at are not kept without bound: then everything is read")
  func bounded() async throws {
    try await withDirectory { root in
      let watcher = ManifestWatcher(
        directory: ManifestDirectory(path: root + "/m"), settle: .zero, relist: (.seconds(300), .seconds(300)))
      for number in 0..<(ManifestWatcher.most * 2) {
        watcher.note(Inotify.Event(watch: 1, mask: UInt32(IN_CLOSE_WRITE), name: "\(number).yaml"))
      }
      #expect(watcher.pending <= ManifestWatcher.most)
      let change = try await watcher.next()
      #expect(change == .everything)
    }
  }

  @Test("who writes into a directory that was replaced holds up nothing of the new one")
  func replacedDirectory() async throws {
    try await withDirectory { root in
      let watcher = ManifestWatcher(
        directory: ManifestDirectory(path: root + "/m"), settle: .zero, relist: (.seconds(3600), .seconds(3600)))
      #expect(watcher.update() == nil)
      let writer = unsafe Glibc.open(root + "/m/a.yaml", O_CREAT | O_WRONLY, 0o600)
      defer { Glibc.close(writer) }
      #expect(await eventually { watcher.pending > 0 })
      try FileManager.default.moveItem(atPath: root + "/m", toPath: root + "/old")
      try FileManager.default.createDirectory(atPath: root + "/m", withIntermediateDirectories: false)
      try manifest("a").write(to: URL(fileURLWithPath: root + "/m/a.yaml"))
      let change = try await watcher.next()
      #expect(change == .everything && watcher.writing == [])
    }
  }

  @Test("a broken file that an earlier agent's pod may be of protects it until it is good or gone, not only until the next look")
  func unexplained() async throws {
    try await withDirectory { root in
      try Data("kind: [".utf8).write(to: URL(fileURLWithPath: root + "/m/a.yaml"))
      let source = FileSource(
        path: root + "/m", node: "n", settle: .milliseconds(5), store: try Store(path: nil), logger: Logger(label: "test"))
      var snapshots = source.snapshots().makeAsyncIterator()
      let first = await snapshots.next(isolation: #isolation)
      #expect(first?.isPartial == true && first?.gone == nil)
      // A link has everything read.
      try manifest("b").write(to: URL(fileURLWithPath: root + "/b"))
      try FileManager.default.createSymbolicLink(atPath: root + "/m/b.yaml", withDestinationPath: root + "/b")
      var next = await snapshots.next(isolation: #isolation)
      while let snapshot = next, snapshot.gone != nil { next = await snapshots.next(isolation: #isolation) }
      #expect(next?.pods.count == 1 && next?.isPartial == true)
      try manifest("a").write(to: URL(fileURLWithPath: root + "/m/a.yaml"))
      while let snapshot = next, snapshot.gone != nil || snapshot.isPartial { next = await snapshots.next(isolation: #isolation) }
      #expect(next?.pods.count == 2)
    }
  }

  @Test("a file that was moved into place is named, and nothing else is read")
  func named() async throws {
    try await withDirectory { root in
      let watcher = ManifestWatcher(
        directory: ManifestDirectory(path: root + "/m"), settle: .seconds(60), relist: (.seconds(3600), .seconds(3600)))
      #expect(watcher.update() == nil)
      try manifest("a").write(to: URL(fileURLWithPath: root + "/a.tmp"))
      try FileManager.default.moveItem(atPath: root + "/a.tmp", toPath: root + "/m/a.yaml")
      let change = try await watcher.next()
      #expect(change == .files([root + "/m/a.yaml"]))
    }
  }
}
