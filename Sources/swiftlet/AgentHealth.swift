import KubeModel
import Kubelet
import LinuxSystem
import Store

/// Whether the parts that everything else waits for answer: the database's thread, the kubelet's table of pods.
struct AgentHealth: Sendable {
  let store: Store
  let kubelet: Kubelet
  /// A part that is busy answers in milliseconds.
  static let patience = Duration.seconds(2)

  /// Why the agent is not healthy; nil when it is.
  func failure() async -> String? {
    await withTaskGroup(of: String?.self) { group in
      group.addTask {
        do throws(StoreError) { try await store.write { _ in } } catch { return "\(error)" }
        _ = await runBlocking { () throws(Never) in kubelet.podList().items.count }
        return nil
      }
      group.addTask {
        try? await Task.sleep(for: Self.patience)
        return "database or kubelet did not answer within \(Self.patience.components.seconds) s"
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }
}
