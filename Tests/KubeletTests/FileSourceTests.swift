import FoundationEssentials
import Glibc
import KubeModel
import LinuxSystem
import Logging
import TestSupport
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

  @Test("a file's change concerns its own names and UIDs, and what they held back") func changes() {
    var set = ManifestSet(node: "n")
    let first = set.apply(["/m/a.yaml": Self.yaml("web"), "/m/b.yaml": Self.yaml("b")], now: Time(seconds: 1))
    #expect(first.gone == nil && first.pods.map(\.path) == ["/m/a.yaml", "/m/b.yaml"])
    let second = set.change(["/m/c.yaml": Self.yaml("web", image: "y:1")], now: Time(seconds: 2))
    #expect(second.pods.isEmpty && second.gone == [] && second.events.map(\.reason) == [.duplicatePod])
    let third = set.change(["/m/a.yaml": nil], now: Time(seconds: 3))
    #expect(third.pods.map(\.path) == ["/m/c.yaml"] && third.gone == Set(first.pods.prefix(1).map(\.pod.podUID)))
    let same = set.change(["/m/b.yaml": Self.yaml("b")], now: Time(seconds: 4))
    #expect(same.isEmpty)
    let broken = set.change(["/m/b.yaml": .bytes([0xFF])], now: Time(seconds: 5))
    #expect(broken.events.map(\.reason) == [.invalidManifest] && broken.gone == [])
    let all = set.apply(["/m/b.yaml": .bytes([0xFF])], now: Time(seconds: 6))
    #expect(all.pods.map(\.path) == ["/m/b.yaml"])
  }

  @Test("of two pods with one UID the first has it, and the other one gets it when that is gone") func oneUID() {
    func yaml(_ name: String) -> ManifestSet.Content {
      .bytes(
        Array("apiVersion: v1\nkind: Pod\nmetadata: {name: \(name), uid: u}\nspec: {containers: [{name: c, image: x}]}\n".utf8))
    }
    var set = ManifestSet(node: "n")
    let first = set.change(["/m/b.yaml": yaml("b")], now: Time(seconds: 1))
    #expect(first.pods.map(\.path) == ["/m/b.yaml"])
    let both = set.change(["/m/a.yaml": yaml("a")], now: Time(seconds: 2))
    #expect(both.pods.isEmpty && both.events.map(\.reason) == [.duplicatePod])
    let other = set.change(["/m/b.yaml": nil], now: Time(seconds: 3))
    #expect(other.pods.map(\.path) == ["/m/a.yaml"] && other.gone == [])
  }

  @Test("what an earlier life remembered of a file does not come back when the file was gone in between") func forgotten() {
    let yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: x}]}\n"
    var set = ManifestSet(node: "n", remembered: ["/m/a.yaml": Array(yaml.utf8)])
    let broken = set.apply(["/m/a.yaml": .bytes([0xFF])], now: Time(seconds: 1))
    #expect(broken.pods.count == 1)
    let gone = set.change(["/m/a.yaml": nil], now: Time(seconds: 2))
    #expect(gone.gone?.count == 1)
    let again = set.change(["/m/a.yaml": .bytes([0xFF])], now: Time(seconds: 3))
    #expect(again.pods.isEmpty)
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
  private final class ManifestFiles {
    private let directory: ScratchDirectory
    var path: String { directory.path }
    init() throws { directory = try ScratchDirectory("filesource") }
    deinit { directory.remove() }
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
  /// What a source wants after all it has said.
  private final class Reader {
    private var iterator: AsyncStream<SourceSnapshot>.Iterator
    private var pods: [PodUID: String] = [:]
    private(set) var last: SourceSnapshot?
    init(_ source: FileSource) { iterator = source.snapshots().makeAsyncIterator() }

    /// Reads snapshots until exactly these pods are wanted.
    func wait(for names: [String]) async -> Bool {
      while let snapshot = await iterator.next(isolation: #isolation) {
        last = snapshot
        if let gone = snapshot.gone { for uid in gone { pods[uid] = nil } } else { pods = [:] }
        for pod in snapshot.pods { pods[pod.pod.podUID] = pod.pod.metadata.name }
        if pods.values.sorted() == names { return true }
      }
      return false
    }
  }

  @Test("a change of one file is told as that file's pods, however many others there are", .timeLimit(.minutes(5)))
  func oneOfMany() async throws {
    let files = try ManifestFiles()
    let names = (0..<30).map { "p\($0)" }
    for name in names { try files.write("\(name).yaml", name) }
    let reader = Reader(source(files.path))
    #expect(await reader.wait(for: names.map { "\($0)-n" }.sorted()))
    #expect(reader.last?.gone == nil && reader.last?.pods.count == 30)
    try files.write(".new.tmp", "new")
    try files.move(".new.tmp", "new.yaml")
    #expect(await reader.wait(for: (names + ["new"]).map { "\($0)-n" }.sorted()))
    #expect(reader.last?.gone == [] && reader.last?.pods.count == 1)
    try files.remove("p7.yaml")
    #expect(await reader.wait(for: (names + ["new"]).filter { $0 != "p7" }.map { "\($0)-n" }.sorted()))
    #expect(reader.last?.gone?.count == 1 && reader.last?.pods == [])
  }

  @Test("files that appear, are replaced and go are seen", .timeLimit(.minutes(5))) func files() async throws {
    let files = try ManifestFiles()
    try files.write("a.yaml", "a")
    let snapshots = Reader(source(files.path))
    #expect(await snapshots.wait(for: ["a-n"]))
    try files.write(".b.yaml.tmp", "b")
    try files.move(".b.yaml.tmp", "b.yaml")
    #expect(await snapshots.wait(for: ["a-n", "b-n"]))
    try files.remove("a.yaml")
    #expect(await snapshots.wait(for: ["b-n"]))
    try files.write("b.yaml", "c")
    #expect(await snapshots.wait(for: ["c-n"]))
    try files.move("b.yaml", "b.yaml.bak")
    #expect(await snapshots.wait(for: []))
  }

  @Test("a directory that comes later, goes and returns is followed", .timeLimit(.minutes(5))) func later() async throws {
    let files = try ManifestFiles()
    let snapshots = Reader(source(files.path + "/x/y/"))
    #expect(await snapshots.wait(for: []))
    try files.makeDirectory("x/y")
    try files.write("x/y/a.yaml", "a")
    #expect(await snapshots.wait(for: ["a-n"]))
    try files.move("x", "z")
    #expect(await snapshots.wait(for: []))
    try files.move("z", "x")
    #expect(await snapshots.wait(for: ["a-n"]))
    try files.remove("x")
    #expect(await snapshots.wait(for: []))
    try files.makeDirectory("x/y")
    try files.write("x/y/b.yaml", "b")
    #expect(await snapshots.wait(for: ["b-n"]))
  }

  @Test("a swap of ..data is seen through the links", .timeLimit(.minutes(5))) func swap() async throws {
    let files = try ManifestFiles()
    try files.makeDirectory("m/..1")
    try files.makeDirectory("m/..2")
    try files.write("m/..1/a.yaml", "one")
    try files.write("m/..2/a.yaml", "two")
    try files.link("m/..data", to: "..1")
    try files.link("m/a.yaml", to: "..data/a.yaml")
    try files.link("linked", to: "m")
    let snapshots = Reader(source(files.path + "/linked"))
    #expect(await snapshots.wait(for: ["one-n"]))
    try files.link("m/..tmp", to: "..2")
    #expect(rename(files.path + "/m/..tmp", files.path + "/m/..data"))
    #expect(await snapshots.wait(for: ["two-n"]))
    try files.write("m/..2/a.yaml", "three")
    #expect(await snapshots.wait(for: ["three-n"]))
  }

  @Test("a single file may come later", .timeLimit(.minutes(5))) func single() async throws {
    let files = try ManifestFiles()
    let snapshots = Reader(source(files.path + "/pod.manifest"))
    #expect(await snapshots.wait(for: []))
    try files.write("pod.manifest", "a")
    #expect(await snapshots.wait(for: ["a-n"]))
    try files.remove("pod.manifest")
    #expect(await snapshots.wait(for: []))
  }

  @Test("a half-written file waits for its writer", .timeLimit(.minutes(5))) func partial() async throws {
    let files = try ManifestFiles()
    let snapshots = Reader(source(files.path))
    #expect(await snapshots.wait(for: []))
    let url = URL(fileURLWithPath: files.path + "/a.yaml")
    #expect(FileManager.default.createFile(atPath: url.path, contents: nil))
    try files.write("b.yaml", "b")
    #expect(await snapshots.wait(for: ["b-n"]))
    try files.write("a.yaml", "a")
    #expect(await snapshots.wait(for: ["a-n", "b-n"]))
  }
}

/// rename(2), which replaces what is there.
private func rename(_ from: String, _ to: String) -> Bool { unsafe Glibc.rename(from, to) == 0 }
