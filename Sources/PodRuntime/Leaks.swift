import LinuxSystem
import PodNetwork
public import RuntimeAPI
import Store
import Synchronization

extension PodRuntime {
  /// What ledger and kernel do not agree on: recorded for nobody, or there without a record. Empty on a healthy node.
  public func leaks() async throws(RuntimeError) -> [NodeLeak] {
    var leaks: [NodeLeak] = []
    do {
      let live = state.withLock { state in Set(state.sandboxes.keys.map(\.rawValue) + state.containers.keys.map(\.rawValue)) }
      let underway = state.withLock { !$0.running.isEmpty || !$0.creating.isEmpty }
      for entry in try ledger.entries() where entry.kind != .mount && !underway && !live.contains(entry.owner) {
        leaks.append(
          NodeLeak(kind: entry.kind.rawValue, name: entry.name, owner: entry.owner, problem: "recorded, but its owner is gone"))
      }
      for name in try listDirectory("\(settings.stateDirectory)/sandboxes") where !live.contains(name) && !underway {
        leaks.append(
          NodeLeak(kind: "directory", name: "\(settings.stateDirectory)/sandboxes/\(name)", problem: "belongs to no sandbox"))
      }
      if let network, !underway {
        for link in try network.strayLinks() {
          leaks.append(NodeLeak(kind: "link", name: link, problem: "a port of the bridge that belongs to no sandbox"))
        }
        for owner in network.owners where !live.contains(owner) {
          leaks.append(NodeLeak(kind: "address", name: owner, problem: "a network of a sandbox that is gone"))
        }
      }
    } catch {
      throw runtimeError(error, "cannot look for leaks")
    }
    return leaks
  }
}
