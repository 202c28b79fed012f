import FoundationEssentials
import Glibc
import KubeModel
import LinuxSystem
import Logging
import Testing

@testable import Kubelet

@Suite("Manifest set") struct ManifestSetTests {
  static func yaml(_ name: String, image: String = "x") -> ManifestSet.Content {
    .bytes(Array("apiVersion: v1\nkind: Pod\nmetadata: {name: \(name)}\nspec: {containers: [{name: c, image: \(image)}]}\n".utf8))
  }

  @Test(
    "names of manifests and of what editors leave",
    arguments: [
      ("a.yaml", true), ("a.yml", true), ("a.json", true), (".a.yaml", false), ("a.yaml~", false), (".a.yaml.swp", false),
      ("a.yaml.bak", false),
      ("a.yaml.orig", false), ("a.yaml.tmp", false), ("#a.yaml#", false), ("4913", false), (".yaml", false), ("a.txt", false),
      ("..data", false),
    ]) func names(name: String, expected: Bool)
  { #expect(ManifestDirectory.isManifest(name) == expected) }

  @Test("a file that stops parsing keeps its last good pod, degraded") func degraded() {
    var set = ManifestSet(node: "n")
    let good = set.apply(["/m/a.yaml": Self.yaml("a")], now: Time(seconds: 1))
    let bad = set.apply(["/m/a.yaml": .bytes(Array("kind: [".utf8))], now: Time(seconds: 2))
    #expect(bad.pods.map(\.pod) == good.pods.map(\.pod))
    #expect(bad.pods.first?.degraded?.contains("/m/a.yaml:") == true)
    #expect(bad.events.map(\.reason) == [.invalidManifest])
    #expect(set.apply(["/m/a.yaml": .bytes(Array("kind: [".utf8))], now: Time(seconds: 3)).events == [])
    let unreadable = set.apply(["/m/a.yaml": .unreadable("no")], now: Time(seconds: 3))
    #expect(unreadable.pods.map(\.degraded) == ["no"])
    let healed = set.apply(["/m/a.yaml": Self.yaml("a")], now: Time(seconds: 4))
    #expect(healed.pods == good.pods)
    #expect(set.apply([:], now: Time(seconds: 5)).pods == [])
  }

  @Test("a new file with a fault has no pods and is listed") func newFault() {
    var set = ManifestSet(node: "n")
    let snapshot = set.apply(["/m/a.yaml": .bytes([0xFF])], now: Time(seconds: 1))
    #expect(snapshot.pods.isEmpty && snapshot.degradedFiles.keys.sorted() == ["/m/a.yaml"])
  }

  @Test("of two files with one name the running one stays and the event names both") func duplicate() {
    var set = ManifestSet(node: "n")
    _ = set.apply(["/m/b.yaml": Self.yaml("web")], now: Time(seconds: 1))
    let both = set.apply(["/m/a.yaml": Self.yaml("web", image: "y:1"), "/m/b.yaml": Self.yaml("web")], now: Time(seconds: 2))
    #expect(both.pods.map(\.path) == ["/m/b.yaml"])
    #expect(both.events.map(\.reason) == [.duplicatePod])
    #expect(both.events.first?.message.contains("/m/a.yaml") == true && both.events.first?.message.contains("/m/b.yaml") == true)
    #expect(set.apply(["/m/a.yaml": Self.yaml("web", image: "y:1")], now: Time(seconds: 3)).pods.map(\.path) == ["/m/a.yaml"])
  }

  @Test("content decides the UID; time does not") func identity() {
    var set = ManifestSet(node: "n")
    let first = set.apply(["/m/a.yaml": Self.yaml("a")], now: Time(seconds: 1)).pods
    #expect(set.apply(["/m/a.yaml": .beingWritten], now: Time(seconds: 2)).pods == first)
    #expect(set.apply(["/m/a.yaml": Self.yaml("a")], now: Time(seconds: 3)).pods == first)
    let changed = set.apply(["/m/a.yaml": Self.yaml("a", image: "y:1")], now: Time(seconds: 4)).pods
    #expect(changed.first?.pod.metadata.uid != first.first?.pod.metadata.uid)
  }
}

@Suite("File source") struct FileSourceTests {
  /// A directory that goes away with the test.
  private final class Scratch {
    let path: String
    init() throws {
      let made = FileManager.default.temporaryDirectory.path + "/filesource-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
      path = made
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func write(_ name: String, _ pod: String) throws {
      let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \(pod)}\nspec: {containers: [{name: c, image: x}]}\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    func makeDirectory(_ name: String) throws {
      try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
    func move(_ from: String, _ to: String) throws {
      try FileManager.default.moveItem(atPath: "\(path)/\(from)", toPath: "\(path)/\(to)")
    }
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    func link(_ name: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }
  }

  private func source(_ path: String) -> FileSource {
    FileSource(path: path, node: "n", settle: .milliseconds(20), logger: Logger(label: "test"))
  }
  /// Reads snapshots until one has exactly these pods.
  private func wait(_ iterator: inout AsyncStream<SourceSnapshot>.Iterator, for names: [String]) async -> Bool {
    while let snapshot = await iterator.next(isolation: #isolation) {
      if snapshot.pods.compactMap(\.pod.metadata.name).sorted() == names { return true }
    }
    return false
  }

  @Test("files that appear, are replaced and go are seen", .timeLimit(.minutes(1))) func files() async throws {
    let scratch = try Scratch()
    try scratch.write("a.yaml", "a")
    var snapshots = source(scratch.path).snapshots().makeAsyncIterator()
    #expect(await wait(&snapshots, for: ["a-n"]))
    try scratch.write(".b.yaml.tmp", "b")
    try scratch.move(".b.yaml.tmp", "b.yaml")
    #expect(await wait(&snapshots, for: ["a-n", "b-n"]))
    try scratch.remove("a.yaml")
    #expect(await wait(&snapshots, for: ["b-n"]))
    try scratch.write("b.yaml", "c")
    #expect(await wait(&snapshots, for: ["c-n"]))
    try scratch.move("b.yaml", "b.yaml.bak")
    #expect(await wait(&snapshots, for: []))
  }

  @Test("a directory that comes later, goes and returns is followed", .timeLimit(.minutes(1))) func later() async throws {
    let scratch = try Scratch()
    var snapshots = source(scratch.path + "/x/y/").snapshots().makeAsyncIterator()
    #expect(await wait(&snapshots, for: []))
    try scratch.makeDirectory("x/y")
    try scratch.write("x/y/a.yaml", "a")
    #expect(await wait(&snapshots, for: ["a-n"]))
    try scratch.move("x", "z")
    #expect(await wait(&snapshots, for: []))
    try scratch.move("z", "x")
    #expect(await wait(&snapshots, for: ["a-n"]))
    try scratch.remove("x")
    #expect(await wait(&snapshots, for: []))
    try scratch.makeDirectory("x/y")
    try scratch.write("x/y/b.yaml", "b")
    #expect(await wait(&snapshots, for: ["b-n"]))
  }

  @Test("a swap of ..data is seen through the links", .timeLimit(.minutes(1))) func swap() async throws {
    let scratch = try Scratch()
    try scratch.makeDirectory("m/..1")
    try scratch.makeDirectory("m/..2")
    try scratch.write("m/..1/a.yaml", "one")
    try scratch.write("m/..2/a.yaml", "two")
    try scratch.link("m/..data", to: "..1")
    try scratch.link("m/a.yaml", to: "..data/a.yaml")
    try scratch.link("linked", to: "m")
    var snapshots = source(scratch.path + "/linked").snapshots().makeAsyncIterator()
    #expect(await wait(&snapshots, for: ["one-n"]))
    try scratch.link("m/..tmp", to: "..2")
    #expect(rename(scratch.path + "/m/..tmp", scratch.path + "/m/..data"))
    #expect(await wait(&snapshots, for: ["two-n"]))
    try scratch.write("m/..2/a.yaml", "three")
    #expect(await wait(&snapshots, for: ["three-n"]))
  }

  @Test("a single file may come later", .timeLimit(.minutes(1))) func single() async throws {
    let scratch = try Scratch()
    var snapshots = source(scratch.path + "/pod.manifest").snapshots().makeAsyncIterator()
    #expect(await wait(&snapshots, for: []))
    try scratch.write("pod.manifest", "a")
    #expect(await wait(&snapshots, for: ["a-n"]))
    try scratch.remove("pod.manifest")
    #expect(await wait(&snapshots, for: []))
  }

  @Test("a half-written file waits for its writer", .timeLimit(.minutes(1))) func partial() async throws {
    let scratch = try Scratch()
    var snapshots = source(scratch.path).snapshots().makeAsyncIterator()
    #expect(await wait(&snapshots, for: []))
    let url = URL(fileURLWithPath: scratch.path + "/a.yaml")
    #expect(FileManager.default.createFile(atPath: url.path, contents: nil))
    try scratch.write("b.yaml", "b")
    #expect(await wait(&snapshots, for: ["b-n"]))
    try scratch.write("a.yaml", "a")
    #expect(await wait(&snapshots, for: ["a-n", "b-n"]))
  }
}

/// rename(2), which replaces what is there.
private func rename(_ from: String, _ to: String) -> Bool { unsafe Glibc.rename(from, to) == 0 }
