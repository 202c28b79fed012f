import Testing

@testable import KubeModel

/// Whatever a file says, what it costs and what is said of it is bounded.
@Suite("Bounds of a manifest") struct BoundsTests {
  static func manifest(_ metadata: String, _ containers: String = "[{name: c, image: x}]") -> String {
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n\(metadata)\nspec:\n  containers: \(containers)\n"
  }

  /// 20,000 labels of one anchored value of 60 kB: 1.2 GB of messages once.
  static var longLabels: String {
    let value = String(repeating: "x", count: 60_000)
    let labels = (0..<200).map { "    l\($0): *v\n" }.joined()
    return manifest("  annotations: {a: &v \(value)}\n  labels:\n\(labels)")
  }

  @Test(
    "messages of one file are few and short", .timeLimit(.minutes(5)),
    arguments: [
      longLabels,
      manifest("  labels: {a: \"\(String(repeating: "y", count: 6 << 20))\"}"),
      manifest("", "[" + String(repeating: "{name: c, image: x, bogus: 1},", count: 20_000) + "]"),
      manifest("", "[" + String(repeating: "{name: C, image: x},", count: 20_000) + "]"),
      String(repeating: manifest("  labels: {a: \"!\"}") + "---\n", count: 3_000),
      "apiVersion: v1\nkind: List\nitems:\n" + String(repeating: "- {apiVersion: v1, kind: Pod, bogus: 1}\n", count: 3_000),
      manifest("  \(String(repeating: "k", count: 1 << 20)): 1"),
    ])
  func messages(text: String) {
    let errors = ManifestDecoder.load(Array(text.utf8), file: "f").flatMap(\.errors).map(\.description)
    #expect(!errors.isEmpty && errors.count <= ReadBudget.maximumErrors + 1)
    #expect(errors.allSatisfy { $0.utf8.count <= 1024 })
  }

  @Test(
    "too many values are refused, whatever they are, and nothing else is said", .timeLimit(.minutes(5)),
    arguments: [
      "[" + String(repeating: "{name: c, image: x},", count: 100_000) + "]",
      "[{name: c, image: x, args: [" + String(repeating: "a,", count: 400_001) + "]}]",
      // Keys count too: the counter steps over its limit.
      "[{name: c, image: x, env: [" + String(repeating: "{name: a, value: b},", count: 90_001) + "]}]",
    ])
  func values(containers: String) {
    let results = ManifestDecoder.load(Array(Self.manifest("", containers).utf8), file: "f")
    #expect(results.map { $0.pod == nil } == [true])
    #expect(results.flatMap(\.errors).map { $0.message.hasPrefix("too large: a file has at most 400000 values") } == [true])
  }

  @Test("the values of a file are counted over all its documents and aliases") func documents() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: x}]}}"
    let many = "apiVersion: v1\nkind: List\nitems:\n- &p \(pod)\n" + String(repeating: "- *p\n", count: 40_000)
    let results = ManifestDecoder.decode(many, file: "f")
    #expect(results.last?.pod == nil && results.last?.errors.first?.message.hasPrefix("too large") == true)
  }

  @Test("text that aliases repeat is counted") func text() {
    let value = String(repeating: "x", count: 100_000)
    let env = "{name: a, value: &v \(value)}," + String(repeating: "{name: a, value: *v},", count: 200)
    let results = ManifestDecoder.decode(Self.manifest("", "[{name: c, image: x, env: [\(env)]}]"), file: "f")
    #expect(results.last?.pod == nil && results.last?.errors.first?.message.hasPrefix("too large") == true)
  }

  @Test("long keys in free-form fields do not multiply", .timeLimit(.minutes(5)), arguments: [(30, true), (150, false)])
  func keys(depth: Int, isAccepted: Bool) {
    let key = String(repeating: "k", count: 500)
    var inner = "[" + String(repeating: "1,", count: 20_000) + "]"
    for _ in 0..<depth { inner = "{\(key): \(inner)}" }
    let fields = "  managedFields: [{manager: m, fieldsV1: \(inner)}]"
    #expect((ManifestDecoder.decode(Self.manifest(fields), file: "f").first?.pod != nil) == isAccepted)
  }

  @Test("a missing name is told beside other faults") func name() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {containers: [{name: c, image: 5}]}\n"
    #expect(
      ManifestDecoder.load(Array(text.utf8), file: "f").flatMap(\.errors).map(\.path).sorted() == [
        "metadata.name", "spec.containers[0].image",
      ])
  }

  @Test(
    "a range says both ends",
    arguments: [
      (Int(Int32.max) + 1, "must be between 0 and 2147483647, inclusive"), (-1, "must be greater than or equal to 0"),
    ])
  func range(user: Int, detail: String) {
    var pod = Pod(metadata: ObjectMeta(name: "p"), spec: PodSpec(containers: [Container(name: "c", image: "x")]))
    pod.spec.securityContext = PodSecurityContext(runAsUser: user)
    #expect(pod.validate().map(\.message) == ["Invalid value: \(user): \(detail)"])
  }

  @Test("cgroup values of any amount", arguments: [Int.max, Int.max - 1, 1 << 60]) func amounts(milli: Int) {
    #expect(CgroupValues.cpuShares(milliCPU: milli) == 262_144)
    #expect(CgroupValues.cpuQuota(milliCPU: milli, period: 1_000_000) == (1 << 44) - 1)
  }

  @Test(
    "names are counted with the node's suffix, and as the name of the log directory",
    arguments: [(150, 0, true), (248, 0, false), (247, 0, false), (200, 63, false), (180, 30, true)])
  func names(length: Int, namespace: Int, isAccepted: Bool) {
    let metadata = ObjectMeta(
      name: String(repeating: "a", count: length), namespace: String(repeating: "n", count: namespace))
    #expect(StaticPod.faults(Pod(metadata: metadata), node: "node1").isEmpty == isAccepted)
  }
}
