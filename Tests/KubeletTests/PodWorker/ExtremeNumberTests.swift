import Foundation
import KubeModel
import RuntimeAPI
import TestSupport
import Testing

@testable import Kubelet

@Suite("Numbers at their edges", .timeLimit(.minutes(5))) struct ExtremeNumberTests {
  static let graces = [7_400_000_001, 9_999_999_999, Int.max]

  @Test("a pod with any grace period ends, also over a restart of the agent", arguments: graces)
  func grace(seconds: Int) async throws {
    try await TestNode.with([.test(grace: seconds)]) { node in
      await node.eventually("runs") { node.container("app")?.ready == true }
      for _ in 0..<3 { node.runtime.failNext("stop", RuntimeError(.unavailable, "not now")) }
      node.want([])
      await node.eventually("tried") { node.runtime.calls.contains("stop app") }
      await node.stop()
      node.start()
      await node.eventually("gone", passing: 1) { node.kubelet.podList().items.isEmpty }
    }
  }

  @Test("a termination that an older agent wrote down has a deadline, whatever is in it")
  func record() throws {
    let text = #"{"startedAt":1700000000000000000,"grace":9223372036854775807,"removes":true}"#
    let termination = try JSONDecoder().decode(Termination.self, from: Data(text.utf8))
    #expect(termination.deadline == .max)
  }

  @Test(
    "a mode that a record of an older agent holds is cut to the bits of permissions", arguments: [Int32.min, -1, 0o7777, 0o400])
  func mode(number: Int32) throws {
    let item = DownwardAPIVolumeFile(path: "a", fieldRef: ObjectFieldSelector(fieldPath: "metadata.name"))
    let volume = DownwardAPIVolume([item], defaultMode: number, hostPath: "/x", pod: .test(), node: TestNode.facts)
    #expect(try volume.files.get().map { $0.mode } == [UInt32(truncatingIfNeeded: number) & 0o777])
  }

  @Test("a negative grace period is none")
  func negative() {
    var pod = Pod.test()
    pod.metadata.deletionGracePeriodSeconds = Int.min
    #expect(pod.gracePeriod == 0)
  }

  @Test("sums of time end at the edge", arguments: [(Int64.max, Int64(1), Int64.max), (.min, -1, .min), (1, 2, 3)])
  func sums(left: Int64, right: Int64, sum: Int64) { #expect(left.adding(right) == sum) }

  @Test("the attempt after the last is the last")
  func attempt() {
    #expect(UInt32.max.next == .max && UInt32(0).next == 1)
    var observed = Observed()
    let status = RuntimeAPI.ContainerStatus(
      id: ContainerID("c"), sandboxID: SandboxID("s"), metadata: ContainerMetadata(name: "app", attempt: .max), state: .exited,
      createdAt: 1, image: ImageSpec(image: "x"))
    observed.apply(.container(status), pod: .test())
    let shown = PodStatusBuilder.status(
      .test(), observed, context: StatusContext(runtimeName: "fake", hostIPs: []), previous: PodStatus(), now: 1)
    #expect(shown.containerStatuses?.first?.restartCount == .max)
  }

  @Test(
    "a container gets at least the time its pod says",
    arguments: [(Int64(3_000_000_000), Int64(3)), (2_100_000_000, 3), (0, 2), (-5, 2), (.max, 9_223_372_037)])
  func stopTimeout(left: Int64, seconds: Int64) { #expect(PodActions.seconds(until: left, now: 0) == seconds) }
}
