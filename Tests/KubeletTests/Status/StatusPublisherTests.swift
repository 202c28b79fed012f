import Foundation
import KubeModel
import Testing

@testable import Kubelet

@Suite("Published states of pods") struct StatusPublisherTests {
  @Test("a state counts as arrived when its own version was acknowledged, not an older one")
  func acknowledgement() {
    let publisher = StatusPublisher()
    let first = publisher.publish(.test(uid: "a", name: "a"))
    let other = publisher.publish(.test(uid: "b", name: "b"))
    #expect(publisher.unacknowledged.map(\.version) == [first, other])
    let second = publisher.publish(.test(uid: "a", name: "a", grace: 5))
    publisher.acknowledge(PodUID("a"), version: first)
    #expect(publisher.unacknowledged.map(\.version) == [other, second])
    publisher.acknowledge(PodUID("a"), version: second)
    publisher.acknowledge(PodUID("b"), version: other)
    publisher.acknowledge(PodUID("gone"), version: 9)
    #expect(publisher.unacknowledged.isEmpty)
    publisher.publish(.test(uid: "b", name: "b"))
    #expect(publisher.unacknowledged.map(\.pod.podUID) == [PodUID("b")])
  }

  @Test("the list is a v1.PodList, in order, and follows every change")
  func list() throws {
    let publisher = StatusPublisher()
    let empty = try JSONDecoder().decode(PodList.self, from: Data(publisher.listJSON()))
    #expect(empty.items.isEmpty)
    publisher.publish(.test(uid: "b", name: "b"))
    publisher.publish(.test(uid: "a", name: "a\"/ä"))
    func names() throws -> [String] {
      try JSONDecoder().decode(PodList.self, from: Data(publisher.listJSON())).items.map(\.podName)
    }
    #expect(try names() == ["a\"/ä", "b"])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let whole = try encoder.encode(PodList(items: publisher.all))
    #expect(String(decoding: publisher.listJSON(), as: UTF8.self) == String(decoding: whole, as: UTF8.self))
    publisher.publish(.test(uid: "b", name: "c"))
    #expect(try names() == ["a\"/ä", "c"])
    #expect(publisher.json(namespace: "default", name: "c").count == 1 && publisher.json(namespace: "x", name: "").isEmpty)
    publisher.remove(PodUID("a"))
    #expect(try names() == ["c"])
  }
}
