import LinuxSystem
import Logging
import RuntimeAPI
import ShimCore
import Store
import Synchronization

/// What the database and the state directory say about an earlier agent's pods.
struct FoundRecords: Sendable {
  var sandboxes: [SandboxID: SandboxRecord] = [:]
  var sandboxStates: [SandboxID: SandboxStateRecord] = [:]
  /// Of known sandboxes only.
  var containers: [ContainerID: ContainerRecord] = [:]
  var containerStates: [ContainerID: ContainerStateRecord] = [:]
  /// Rows that describe nothing any more.
  var staleContainers: Set<ContainerID> = []
  var staleSandboxes: Set<SandboxID> = []
}

extension PodRuntime {
  /// Reads every record. One that is damaged, or of a newer version, costs its own pod: it is ended, as it would run twice otherwise.
  func readRecords(_ report: inout RecoveryReport) async throws(RuntimeError) -> FoundRecords {
    var found = FoundRecords()
    let rows: Records.Rows
    do { rows = try await records.all() } catch {
      throw RuntimeError(.internalError, "cannot read the runtime's records", cause: error)
    }
    for row in rows.sandboxes {
      // Beside podshim's socket lies a second copy.
      let copy = recordFile(of: SandboxID(row.id))
      do {
        found.sandboxes[SandboxID(row.id)] = try SandboxRecord(bytes: row.bytes)
      } catch {
        if let bytes = try? readRegularFile(copy, limit: 16 << 20), let record = try? SandboxRecord(bytes: bytes) {
          found.sandboxes[record.id] = record
          continue
        }
        unreadable("sandbox", row.id, error, &report)
        found.staleSandboxes.insert(SandboxID(row.id))
      }
    }
    for row in rows.sandboxStates { found.sandboxStates[SandboxID(row.id)] = try? SandboxStateRecord(bytes: row.bytes) }
    for row in rows.containers {
      do {
        let record = try ContainerRecord(bytes: row.bytes)
        if found.sandboxes[record.sandboxID] == nil {
          found.staleContainers.insert(record.id)
        } else {
          found.containers[record.id] = record
        }
      } catch {
        unreadable("container", row.id, error, &report)
        found.staleContainers.insert(ContainerID(row.id))
      }
    }
    for row in rows.containerStates { found.containerStates[ContainerID(row.id)] = try? ContainerStateRecord(bytes: row.bytes) }
    found.staleSandboxes.formUnion(found.sandboxStates.keys.filter { found.sandboxes[$0] == nil })
    let known = found.containers.keys
    found.staleContainers.formUnion(found.containerStates.keys.filter { !known.contains($0) })
    found.staleContainers.formUnion(rows.specs.map { ContainerID($0) }.filter { !known.contains($0) })
    return found
  }

  private func unreadable(_ kind: String, _ id: String, _ error: any Error, _ report: inout RecoveryReport) {
    report.problems.append("the record of \(kind) \(id) cannot be read (\(error)): what it describes is ended")
    unreadable.withLock {
      $0.append(NodeLeak(kind: "record", name: "\(kind) \(id)", owner: id, problem: "could not be read at start: \(error)"))
    }
  }
}

extension Records {
  struct Rows: Sendable {
    var sandboxes: [Documents.Row]
    var sandboxStates: [Documents.Row]
    var containers: [Documents.Row]
    var containerStates: [Documents.Row]
    var specs: [String]
  }
}
