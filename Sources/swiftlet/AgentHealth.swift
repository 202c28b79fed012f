import KubeModel
import Kubelet
import LinuxSystem
import Store

/// Whether the parts that everything else waits for answer and move: the database's thread, the kubelet's supervisor and sources of pods.
struct AgentHealth: Sendable {
  let store: Store
  let kubelet: Kubelet
  /// A part that is busy answers in milliseconds.
  static let patience = Duration.seconds(2)

  /// Why the agent is not healthy; nil when it is.
  func failure() async -> String? {
    let answer: String?? = await waiting(atMost: Self.patience) { [store, kubelet] in
      do throws(StoreError) { try await store.read { _ in } } catch { return "\(error)" }
      return await runBlocking { () throws(Never) in kubelet.fault() }
    }
    return answer ?? "database or kubelet did not answer within \(Self.patience.components.seconds) s"
  }
}
