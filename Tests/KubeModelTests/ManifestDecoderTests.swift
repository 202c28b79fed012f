import Foundation
import Testing

@testable import KubeModel

@Suite("Manifest decoder") struct ManifestDecoderTests {
  static func pod(_ spec: String = "containers: [{name: c, image: x}]", metadata: String = "{name: p}") -> String {
    "apiVersion: v1\nkind: Pod\nmetadata: \(metadata)\nspec:\n  \(spec)\n"
  }

  static func fixture() throws -> [UInt8] {
    let url = try #require(Bundle.module.url(forResource: "web", withExtension: "yaml", subdirectory: "Fixtures"))
    return Array(try Data(contentsOf: url))
  }

  @Test("a good manifest becomes a pod") func good() throws {
    let results = ManifestDecoder.load(try Self.fixture(), file: "web.yaml")
    #expect(results.flatMap(\.errors) == [])
    let pod = try #require(results.first?.pod)
    #expect(pod.metadata.labels == ["app": "web", "1": "one"])
    #expect(pod.spec.containers[0].resources?.limits?["cpu"] == 1)
    #expect(pod.spec.containers[0].resources?.requests == ["cpu": Quantity(milli: 500), "memory": Quantity(64 << 20)])
    #expect(pod.spec.containers[0].livenessProbe?.httpGet?.port == "http")
    #expect(pod.spec.containers[0].env?[0].value == "8080")
    #expect(try JSONValue(parsing: JSONValue(encoding: pod).text).decode(Pod.self) == pod)
    #expect(UnsupportedFields.of(try #require(ManifestDecoder.decode(try Self.fixture(), file: "w").first?.pod)) == [])
  }

  @Test(
    "a fault has its line, column and path",
    arguments: [
      (pod("containers: [{name: c, imge: x}]"), "f:5:26: spec.containers[0].imge: unknown field, did you mean \"image\"?"),
      (
        pod("containers:\n  - name: 123\n    image: x"),
        "f:6:11: spec.containers[0].name: expected a string, found a number: write \"123\""
      ),
      (
        pod("containers:\n  - name: c\n    image: x\n    env: [{name: A, value: yes}]"),
        "f:8:28: spec.containers[0].env[0].value: expected a string, found a boolean: write \"yes\""
      ),
      (pod("containers: [{name: c}]\n  hostNetwork: \"true\""), "f:6:16: spec.hostNetwork: expected a boolean, found a string"),
      (pod("containers: {}"), "f:5:15: spec.containers: expected an array, found an object"),
      (pod("restartPolicy: Never"), "f:5:3: spec.containers: Required value"),
      (
        pod("containers: [{name: c, resources: {limits: {memory: 64MB}}}]"),
        "f:5:55: spec.containers[0].resources.limits.memory: \"64MB\" is not a quantity (such as 500m, 1.5, 64Mi)"
      ),
      (
        pod("containers: [{name: c, image: x}]\n  terminationGracePeriodSeconds: 1.5"),
        "f:6:34: spec.terminationGracePeriodSeconds: expected a whole number, found 1.5"
      ),
      (pod(metadata: "{name: p, name: q}"), "f:3:12: key \"name\" is given twice in one object"),
      ("apiVersion: v1\nkind: Pood\n", "f:1:1: kind: expected v1 Pod, PodList or List, found apiVersion \"v1\", kind \"Pood\""),
      (
        "apiVersion: apps/v1\nkind: Deployment\n",
        "f:1:1: apiVersion: expected v1 Pod, PodList or List, found apiVersion \"apps/v1\", kind \"Deployment\""
      ),
      (
        "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
        "f:4:1: found character that cannot start any token (while scanning for the next token, which began at line 4)"
      ),
    ])
  func golden(text: String, expected: String) {
    let errors = ManifestDecoder.decode(text, file: "f").flatMap(\.errors).map(\.description)
    #expect(errors == [expected])
  }

  @Test("all faults of a document are told at once") func all() {
    let text = Self.pod("containers: [{nme: c, image: 5}]\n  foo: 1")
    #expect(
      ManifestDecoder.decode(text, file: "f").flatMap(\.errors).map(\.path).sorted() == [
        "spec.containers[0].image", "spec.containers[0].name", "spec.containers[0].nme", "spec.foo",
      ])
  }

  @Test("validation errors have places too") func located() {
    let text = Self.pod("containers:\n  - name: Web\n    image: x\n    ports: [{containerPort: 70000}]")
    let errors = ManifestDecoder.load(Array(text.utf8), file: "f").flatMap(\.errors)
    #expect(
      errors.map { "\($0.line):\($0.column) \($0.path)" } == [
        "6:11 spec.containers[0].name", "8:29 spec.containers[0].ports[0].containerPort",
      ])
  }

  @Test("several documents, comments, byte order mark and CRLF are read", arguments: ["\n", "\r\n"]) func documents(newline: String)
  {
    let text = "\u{FEFF}# first\n---\n\(Self.pod())---\n# nothing\n---\n\(Self.pod(metadata: "{name: q}"))...\n"
    let results = ManifestDecoder.load(Array(text.replacing("\n", with: newline).utf8), file: "f")
    #expect(results.map { $0.pod?.metadata.name } == ["p", "q"])
  }

  @Test("nothing is no pod", arguments: ["", "\n", "# comment\n", "---\n", "---\n---\n", "null\n"]) func empty(text: String) {
    #expect(ManifestDecoder.decode(text, file: "f").isEmpty)
  }

  @Test("lists and JSON are read") func lists() {
    let json =
      #"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","creationTimestamp":null},"spec":{"containers":[{"name":"c","image":"x"}]}},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"c","bad":1}]}}]}"#
    let results = ManifestDecoder.decode(json, file: "f")
    #expect(results.map { $0.pod?.metadata.name } == ["a", nil])
    #expect(results[1].errors.map(\.path) == ["items[1].spec.containers[0].bad"])
  }

  @Test("merge keys and aliases are followed") func merge() {
    let text = Self.pod("containers:\n  - &base {name: a, image: x}\n  - {<<: *base, name: b}")
    let pod = ManifestDecoder.decode(text, file: "f").first?.pod
    #expect(pod?.spec.containers.map(\.name) == ["a", "b"])
    #expect(pod?.spec.containers.map(\.image) == ["x", "x"])
  }

  @Test("what would cost too much is refused in time", .timeLimit(.minutes(5))) func bombs() {
    var bomb = "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      bomb += "    a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    for text in [
      bomb, bomb + "    ? *a12\n    : x\n", bomb + "    *a12 : x\n", bomb + "    ? [*a12]\n    : x\n", bomb + "    {[*a12]: x}\n",
      String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000), String(repeating: "{a: ", count: 50_000),
      String(repeating: "? ", count: 50_000), (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
      String(repeating: "x", count: 11 << 20),
    ] {
      let results = ManifestDecoder.decode(text, file: "f")
      #expect(!results.isEmpty && results.allSatisfy { $0.pod == nil })
    }
  }

  @Test("mutated manifests never crash", .timeLimit(.minutes(5))) func mutations() throws {
    let good = try Self.fixture()
    var random = SplitMix(state: 42)
    let pieces = [
      "\u{0}", "é", "𝄞", "\u{202E}", ": ", "- ", "[", "}", "\"", "'", "|", ">", "&a ", "*a", "!!str ", "\t", "\r", "#", "%",
      "---\n", "~", "<<: ", "\u{FEFF}",
    ]
    for round in 0..<600 {
      var bytes = good
      for _ in 0...(round % 4) {
        let at = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 5 {
        case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int(random.next() % 20) + 1))
        case 2: bytes.insert(contentsOf: Array(pieces[Int(random.next() % UInt64(pieces.count))].utf8), at: at)
        case 3: bytes = Array(bytes.prefix(at + 1))
        default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 30)], at: at)
        }
        if bytes.isEmpty { bytes = good }
      }
      for result in ManifestDecoder.load(bytes, file: "f") { #expect((result.pod == nil) != result.errors.isEmpty) }
    }
  }
}

struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
