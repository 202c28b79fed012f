import Foundation
import LinuxSystem
import Synchronization
import Testing

@testable import Kubelet

@Suite("Calls for the places of volumes", .timeLimit(.minutes(5))) struct VolumeCallsTests {
  @Test("a second one for a place waits for the first, as a start does while the volume is being refreshed, and then does its work")
  func second() async throws {
    let order = Mutex<[String]>([])
    let (calls, hold, begun) = (VolumeCalls(), DispatchSemaphore(value: 0), Latch())
    let refresh = Task {
      try await calls.run("volume", what: "refreshing", seconds: 86400) { () throws(KubeletError) in
        begun.open()
        hold.wait()
        order.withLock { $0.append("refreshed") }
      }
    }
    await begun.wait()
    // Not before the second has come, on a machine that is not asleep.
    _ = Alarm.call(after: .milliseconds(100)) { hold.signal() }
    try await calls.run("volume", what: "preparing", seconds: 86400) { () throws(KubeletError) in
      order.withLock { $0.append("prepared") }
    }
    try await refresh.value
    #expect(order.withLock { $0 } == ["refreshed", "prepared"])
  }
}
