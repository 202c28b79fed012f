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
  var sandboxResources: [SandboxID: SandboxResourcesRecord] = [:]
  /// Of known sandboxes only.
  var containers: [ContainerID: ContainerRecord] = [:]
  var containerStates: [ContainerID: ContainerStateRecord] = [:]
  /// Rows that describe nothing any more.
  var staleContainers: Set<ContainerID> = []
  var staleSandboxes: Set<SandboxID> = []
  /// Explained by their files alone: the database is to learn of them.
  var regainedSandboxes: Set<SandboxID> = []
  var regainedContainers: [ContainerID: RecordsBeside.FoundContainer] = [:]
  /// Sandboxes that have a directory; nil: that could not be found out, and nothing may be taken for gone.
  var directories: Set<SandboxID>?
}

extension PodRuntime {
  /// Reads every record. One that is damaged, or of a newer version, costs its own pod: it is ended, as it would run twice otherwise.
  func readRecords(_ report: inout RecoveryReport) async throws(RuntimeError) -> FoundRecords {
    let rows: Records.Rows
    do { rows = try await records.all() } catch {
      throw RuntimeError(.internalError, "cannot read the runtime's records", cause: error)
    }
    var found = FoundRecords()
    var damaged: [(kind: String, id: String, error: any Error)] = []
    for row in rows.sandboxes {
      do { found.sandboxes[SandboxID(row.id)] = try SandboxRecord(bytes: row.bytes) } catch {
        damaged.append(("sandbox", row.id, error))
      }
    }
    for row in rows.containers {
      do { found.containers[ContainerID(row.id)] = try ContainerRecord(bytes: row.bytes) } catch {
        damaged.append(("container", row.id, error))
      }
    }
    for row in rows.sandboxStates { found.sandboxStates[SandboxID(row.id)] = try? SandboxStateRecord(bytes: row.bytes) }
    for row in rows.containerStates { found.containerStates[ContainerID(row.id)] = try? ContainerStateRecord(bytes: row.bytes) }

    let beside = await lookBeside(found, &report)
    if let beside { found.regain(beside) }
    found.dropDoubles()
    for (kind, id, error) in damaged
    where found.sandboxes[SandboxID(id)] == nil && found.containers[ContainerID(id)] == nil {
      unreadable(kind, id, error, &report)
    }
    found.findStale(rows, containerFiles: beside?.containerFiles)
    return found
  }

  private func lookBeside(_ found: FoundRecords, _ report: inout RecoveryReport) async -> RecordsBeside? {
    let (settings, sandboxes, containers) = (settings, Set(found.sandboxes.keys), Set(found.containers.keys))
    do {
      return try await runBlocking { () throws(SystemCallError) in
        try RecordsBeside.read(settings, sandboxes: sandboxes, containers: containers)
      }
    } catch {
      report.problems.append("cannot look for records beside podshims, so that what lacks a row is left alone: \(error)")
      return nil
    }
  }

  private func unreadable(_ kind: String, _ id: String, _ error: any Error, _ report: inout RecoveryReport) {
    report.problems.append("the record of \(kind) \(id) cannot be read (\(error)): what it describes is ended")
    unreadable.withLock {
      $0.append(NodeLeak(kind: "record", name: "\(kind) \(id)", owner: id, problem: "could not be read at start: \(error)"))
    }
  }
}

extension FoundRecords {
  /// What is not known yet.
  func without(_ known: Set<SandboxID>) -> FoundRecords {
    var rest = self
    rest.sandboxes = sandboxes.filter { !known.contains($0.key) }
    rest.containers = containers.filter { rest.sandboxes[$0.value.sandboxID] != nil }
    return rest
  }

  fileprivate mutating func regain(_ beside: RecordsBeside) {
    (directories, sandboxResources) = (beside.directories, beside.sandboxResources)
    for record in beside.sandboxes {
      sandboxes[record.id] = record
      regainedSandboxes.insert(record.id)
    }
    for container in beside.containers {
      containers[container.record.id] = container.record
      containerStates[container.record.id] = containerStates[container.record.id] ?? container.state
      regainedContainers[container.record.id] = container
    }
    // Written before the row: never older than it.
    for (id, state) in beside.states {
      guard let resources = state.resources else { continue }
      containerStates[id, default: ContainerStateRecord()].resources = resources
    }
  }

  /// Of two sandboxes with one name the newer is the one that clients know: the other was removed after the database was copied.
  mutating func dropDoubles() {
    var names: [String: SandboxRecord] = [:]
    for record in sandboxes.values.sorted(by: { $0.createdAt < $1.createdAt }) {
      if let older = names.updateValue(record, forKey: record.key) {
        sandboxes[older.id] = nil
        regainedSandboxes.remove(older.id)
      }
    }
    // Of containers the one that has a row, else the newer: a creation failed, could not be undone, and was tried again.
    var containerNames: [String: ContainerRecord] = [:]
    let byAge = containers.values.sorted { first, second in
      let (isFirstRegained, isSecondRegained) = (regainedContainers[first.id] != nil, regainedContainers[second.id] != nil)
      return isFirstRegained == isSecondRegained ? first.createdAt < second.createdAt : isFirstRegained
    }
    for record in byAge {
      if let other = containerNames.updateValue(record, forKey: record.key) {
        containers[other.id] = nil
        regainedContainers[other.id] = nil
      }
    }
  }

  /// - Parameter containerFiles: nil: not known.
  fileprivate mutating func findStale(_ rows: Records.Rows, containerFiles: Set<ContainerID>?) {
    containers = containers.filter { id, record in
      guard sandboxes[record.sandboxID] != nil else { return false }
      // Its sandbox is there and its file is not: it was removed, but for its rows.
      guard let containerFiles, directories?.contains(record.sandboxID) == true else { return true }
      return containerFiles.contains(id)
    }
    regainedContainers = regainedContainers.filter { containers[$0.key] != nil }
    let (knownSandboxes, knownContainers) = (sandboxes.keys, containers.keys)
    staleSandboxes = Set((rows.sandboxes + rows.sandboxStates).map { SandboxID($0.id) }.filter { !knownSandboxes.contains($0) })
    staleContainers = Set(
      ((rows.containers + rows.containerStates).map(\.id) + rows.specs).map { ContainerID($0) }
        .filter { !knownContainers.contains($0) })
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
