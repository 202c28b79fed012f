import KubeModel
import Logging
import Store
import Testing

@testable import Kubelet

/// Rows as agents of format 2 wrote them. They stay as they are: what is renamed here is lost to every pod that runs while the agent is
/// replaced by a newer one.
@Suite("Rows of pods that agents before this one wrote") struct RecordFixtureTests {
  private static let pod = #"""
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default","uid":"u"},\#
    "spec":{"containers":[{"name":"app","image":"busybox"}],"restartPolicy":"Always"}}
    """#
  private static let facts = #"""
    {"startedAt":11,"startDate":1763763000000000000,"wasInitialized":true,"isTornDown":false,\#
    "termination":{"startedAt":7,"grace":30,"removes":false,"reason":"DeadlineExceeded","message":"m"},\#
    "backoffs":{"app":{"delay":20000000000,"updatedAt":9}},"runs":{"c1":{"isStarted":true,"isReady":false}},\#
    "messages":{"c0":"bye"},"preStopStarted":["c1"],"restartingRuns":{"c1":"source","c2":"running","c3":"ended"},\#
    "podIPs":["10.0.0.1","fd00::1"],"conditions":[{"type":"Ready","status":"False","reason":"ContainersNotReady"}],"phase":"Running"}
    """#

  private func read(_ header: String) async throws -> PodRecord {
    let store = try Store(path: nil)
    try Documents("kubelet-pod", in: store).put(id: "u", bytes: Array("swiftlet-pod 2\n\(Self.pod)".utf8))
    try Documents("kubelet-pod-facts", in: store).put(id: "u", bytes: Array("\(header)\n\(Self.facts)".utf8))
    let (records, unreadable) = try await PodRecords(in: store, logger: Logger(label: "test")).all()
    #expect(unreadable.isEmpty)
    return try #require(records[PodUID("u")])
  }

  @Test("are read, every field of them")
  func read() async throws {
    let record = try await read("swiftlet-pod-facts 2")
    #expect(record.pod.podName == "web" && record.pod.spec.containers.first?.image == "busybox")
    let facts = record.facts
    #expect(facts.startedAt == 11 && facts.startDate == 1_763_763_000_000_000_000 && facts.wasInitialized && !facts.isTornDown)
    #expect(
      facts.termination
        == Termination(startedAt: 7, grace: 30, removes: false, reason: "DeadlineExceeded", message: "m"))
    #expect(facts.backoffs["app"]?.delay == 20_000_000_000 && facts.backoffs["app"]?.updatedAt == 9)
    #expect(facts.runs == ["c1": PodFacts.RunFacts(isStarted: true, isReady: false)] && facts.messages == ["c0": "bye"])
    #expect(facts.preStopStarted == ["c1"] && facts.restartingRuns == ["c1": .source, "c2": .running, "c3": .ended])
    #expect(facts.podIPs == ["10.0.0.1", "fd00::1"] && facts.phase == "Running")
    #expect(facts.conditions == [PodCondition(status: "False", type: "Ready", reason: "ContainersNotReady")])
  }

  @Test("have the fields that this agent writes, no more and no less")
  func written() async throws {
    let facts = try await read("swiftlet-pod-facts 2").facts
    #expect(try JSONValue(encoding: facts) == JSONValue(parsing: Self.facts))
  }

  @Test("the clock of a boot and the last good manifests are where they were")
  func others() async throws {
    let store = try Store(path: nil)
    try Documents("kubelet-manifest", in: store).put(id: "/etc/kubernetes/manifests/web.yaml", bytes: Array("kind: Pod".utf8))
    var memory = ManifestMemory(store, logger: Logger(label: "test"))
    await memory.load()
    #expect(memory.contents == ["/etc/kubernetes/manifests/web.yaml": Array("kind: Pod".utf8)])
    _ = KubeletClock.ofThisBoot(store)
    let row = try #require(try Documents("kubelet-clock", in: store).get("offset"))
    #expect(Int64(String(decoding: row.bytes, as: UTF8.self)) != nil && row.parent.count >= 36)
  }
}
