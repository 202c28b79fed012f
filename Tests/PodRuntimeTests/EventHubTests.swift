import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Runtime events", .timeLimit(.minutes(5)))
struct EventHubTests {
  private static func source(_ number: Int) -> EventHub.Source {
    { sequence in
      RuntimeEvent(kind: .created, containerID: "\(number)", sandboxID: SandboxID("s"), createdAt: 0, sequence: sequence)
    }
  }

  @Test("Every subscriber gets the same events in the same order, numbered, whichever threads they come from")
  func order() async {
    let hub = EventHub()
    let streams = [hub.subscribe(), hub.subscribe()]
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for index in 0..<50 {
            hub.enqueue(Self.source(task * 50 + index))
            hub.deliver()
          }
        }
      }
    }
    var all: [[RuntimeEvent]] = []
    for stream in streams {
      var events: [RuntimeEvent] = []
      for await event in stream {
        events.append(event)
        if events.count == 400 { break }
      }
      all.append(events)
    }
    #expect(all[0] == all[1])
    #expect(all[0].map(\.sequence) == (1...400).map { UInt64($0) })
    #expect(Set(all[0].map(\.containerID)).count == 400)
  }

  @Test(
    "A subscriber that is too slow gets what it had room for, in order, and then the end: it must not believe that it has seen all")
  func overflow() async {
    let hub = EventHub(capacity: 10)
    let slow = hub.subscribe()
    for number in 0..<25 {
      hub.enqueue(Self.source(number))
      hub.deliver()
    }
    var seen: [String] = []
    for await event in slow { seen.append(event.containerID) }
    #expect(seen == (0..<10).map(String.init))
    let next = hub.subscribe()
    hub.enqueue(Self.source(99))
    hub.deliver()
    for await event in next {
      #expect(event.containerID == "99")
      break
    }
  }

  @Test("Without a subscriber nothing is kept")
  func nobody() async {
    let hub = EventHub()
    hub.enqueue { _ in
      Issue.record("an event was made for nobody")
      return nil
    }
    hub.deliver()
  }
}
