import LinuxSystem
import RuntimeAPI
import Synchronization

extension PodRuntime {
  /// Brings the database up to date with what was found: rows of what is gone go, and what only its files explain is written again.
  func settleRows(of found: FoundRecords, _ report: inout RecoveryReport) async {
    let (containers, sandboxes) = (found.staleContainers, found.staleSandboxes)
    let regained = found.regainedContainers.values
    // Whatever becomes of the transaction.
    regainedSpecs.withLock { specs in
      for container in regained { specs[container.record.id] = container.spec.flatMap { try? StoredSpec(bytes: $0) } }
    }
    if containers.isEmpty && sandboxes.isEmpty && regained.isEmpty && found.regainedSandboxes.isEmpty { return }
    do {
      try await records.release { [records] transaction in
        // First, as they may have the names of the others.
        for id in containers { try records.remove(id, transaction) }
        for id in sandboxes { try records.remove(id, transaction) }
        for id in found.regainedSandboxes { if let record = found.sandboxes[id] { try records.put(record, transaction) } }
        for container in found.regainedContainers.values {
          try records.put(container.record, spec: container.spec, transaction)
          if let state = container.state {
            try records.put(state, of: container.record.id, in: container.record.sandboxID, transaction)
          }
        }
      }
      if !containers.isEmpty || !sandboxes.isEmpty {
        report.repaired.append("forgot records of \(containers.count) containers and \(sandboxes.count) sandboxes that are gone")
      }
      for id in found.regainedSandboxes { report.repaired.append("took over sandbox \(id) by the record beside its podshim") }
      for id in found.regainedContainers.keys {
        report.repaired.append("took over container \(id) by the record beside its podshim")
      }
    } catch {
      report.problems.append("the database cannot be brought up to date with the pods on the node: \(error)")
    }
  }
}
