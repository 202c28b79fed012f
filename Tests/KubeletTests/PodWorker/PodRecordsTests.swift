import Foundation
import KubeModel
import Logging
import Store
import Testing

@testable import Kubelet

@Suite("Records of pods") struct PodRecordsTests {
  private func records(_ store: Store) -> PodRecords { PodRecords(in: store, logger: Logger(label: "test")) }

  @Test("what was put is there for the next agent; what was removed is not")
  func roundTrip() async throws {
    let store = try Store(path: nil)
    let written = records(store)
    var facts = PodFacts()
    facts.startedAt = 5
    facts.phase = "Running"
    facts.termination = Termination(startedAt: 7, grace: 3, removes: true)
    written.put(PodUID("u1"), pod: .test())
    written.put(PodUID("u1"), facts: facts)
    written.put(PodUID("u2"), pod: .test(uid: "u2"))
    try await written.flush()
    try await written.remove(PodUID("u2"))
    let (found, unreadable) = try await records(store).all()
    #expect(found.keys.map(\.rawValue) == ["u1"] && unreadable.isEmpty)
    #expect(found[PodUID("u1")]?.facts == facts && found[PodUID("u1")]?.pod.status.phase == "Running")
  }

  @Test("a row nobody can read costs its own pod only; unknown fields and missing ones cost nothing")
  func tolerant() async throws {
    let store = try Store(path: nil)
    let specs = Documents("kubelet-pod", in: store), facts = Documents("kubelet-pod-facts", in: store)
    try specs.put(id: "bad", bytes: Array("\u{0}nonsense".utf8))
    let pod = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"new"},"spec":{"containers":[],"later":1}}"#
    try specs.put(id: "new", bytes: Array("swiftlet-pod 9\n\(pod)".utf8))
    try facts.put(id: "new", bytes: Array(#"swiftlet-pod-facts 9\#n{"startedAt":3,"runs":"of another shape","later":{}}"#.utf8))
    let (found, unreadable) = try await records(store).all()
    #expect(unreadable.keys.map(\.rawValue) == ["bad"])
    #expect(found[PodUID("new")]?.facts.startedAt == 3 && found[PodUID("new")]?.facts.runs == [:])
  }

  @Test("rows of the first version, spec and facts in one, are taken over")
  func first() async throws {
    let store = try Store(path: nil)
    let row = """
      {"pod":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u"},"spec":{"containers":[]},"status":{"phase":"Failed"}},
      "startedAt":11,"wasInitialized":true,"isTornDown":false,"backoffs":{"a":{"delay":10,"updatedAt":2}},
      "runs":{"c":{"isPastPostStart":true,"isStarted":true,"isReady":true}},"messages":{},"preStopStarted":["c"],"podIPs":["10.0.0.1"],
      "termination":{"startedAt":1700000000000000000,"grace":9223372036854775807,"removes":true}}
      """
    try Documents("kubelet-pod", in: store).put(id: "u", bytes: Array(row.utf8))
    let record = try await records(store).all().records[PodUID("u")]
    let facts = try #require(record?.facts)
    #expect(facts.startedAt == 11 && facts.runs["c"]?.isReady == true && facts.preStopStarted == ["c"] && facts.phase == "Failed")
    #expect(facts.backoffs["a"]?.delay == 10 && facts.termination?.deadline == .max && record?.pod.status.phase == "Failed")
  }

  @Test("a moment after now is of a boot whose date was ahead: the pod starts to count again instead of waiting for it")
  func future() {
    var facts = PodFacts()
    facts.startedAt = 1_000
    facts.backoffs = ["a": CrashBackoff.afterRestart(nil, finishedAt: 900, now: 1_000, limit: 10)]
    let observed = PodRecord(pod: .test(), facts: facts).observed(PodRuntimeState(), reading: ClockReading(now: 10, wall: 10))
    #expect(observed.startedAt == 10 && observed.backoffs["a"]?.updatedAt == 10)
  }
}

@Suite("Time that measures") struct KubeletClockTests {
  @Test("a date on the measuring scale is never in the future, however the date jumped")
  func dates() {
    let reading = ClockReading(now: 1_000, wall: 5_000)
    #expect(reading.moment(ofDate: 4_990) == 990)
    #expect(reading.moment(ofDate: 9_000) == 1_000)
    #expect(reading.moment(ofDate: .min) == .min.adding(1_000) || reading.moment(ofDate: .min) < 0)
    #expect(ClockReading.same.moment(ofDate: 42) == 42)
  }

  @Test("all agents of one boot have one scale")
  func boot() throws {
    let store = try Store(path: nil)
    let first = KubeletClock.ofThisBoot(store), second = KubeletClock.ofThisBoot(store)
    let (a, b, c) = (first.now(), second.now(), first.now())
    #expect(a <= b && b <= c && c - a < 1_000_000_000)
    let row = try Documents("kubelet-clock", in: store).get("offset")
    let kept = row.flatMap { Int64(String(decoding: $0.bytes, as: UTF8.self)) }
    #expect(kept != nil)
  }
}
