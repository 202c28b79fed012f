import Cgroups
import Images
import LinuxSystem
import Logging
import RuntimeAPI
import Synchronization

/// Removes what interrupted creations and removals left in sandboxes that live on, and on the disk.
extension PodRuntime {
  func removeLeftovers(_ found: FoundRecords, _ report: inout RecoveryReport) async {
    for sandbox in found.sandboxes.values {
      let directory = settings.sandboxDirectory(sandbox.id.rawValue)
      for name in (try? listDirectory(directory)) ?? [] where name.hasSuffix(".record") {
        let id = ContainerID(String(name.dropLast(".record".count)))
        if found.containers[id] != nil { continue }
        await attempt("undid the interrupted creation of container \(id)", &report) { [self] in
          let path = "\(directory)/\(name)"
          if let bytes = try? readRegularFile(path, limit: 16 << 20), let record = try? ContainerRecord(bytes: bytes) {
            let (cgroups, images) = (cgroups, images)
            try await records.releasing {
              try cgroups.cgroup(record.cgroup).remove()
              try images.removeSnapshot(owner: id.rawValue)
            }
          }
          try await runBlocking { () throws(SystemCallError) in try removeTree(path) }
        }
      }
    }
    do {
      let (images, owners) = (images, Set(found.containers.keys.map(\.rawValue)))
      report.repaired += try await records.releasing { try images.removeSnapshots(except: owners) }.map {
        "removed the writable layer of container \($0)"
      }
    } catch {
      report.problems.append("writable layers that no container has are still there: \(error)")
    }
    let (containers, sandboxes) = (found.staleContainers, found.staleSandboxes)
    if containers.isEmpty && sandboxes.isEmpty { return }
    await attempt("forgot records of \(containers.count) containers and \(sandboxes.count) sandboxes that are gone", &report) {
      [records] in
      try await records.release { transaction in
        for id in containers { try records.remove(id, transaction) }
        for id in sandboxes { try records.remove(id, transaction) }
      }
    }
  }

  private func attempt(_ done: String, _ report: inout RecoveryReport, _ body: @Sendable () async throws -> Void) async {
    do {
      try await body()
      report.repaired.append(done)
    } catch {
      report.problems.append("not done: \(done): \(error)")
    }
  }

  /// podshim knows nothing of a container that a record says was made: the agent died before it asked. Its record goes, and whoever wanted
  /// it asks again.
  func forgetUnmade(_ container: Container) {
    Task { [self] in
      do {
        try await removeFiles(of: container)
        try await removeRecords(of: [container], and: nil)
      } catch {
        logger.error("Leftover not removed", metadata: ["container.id": "\(container.id)", "error": "\(error)"])
      }
    }
  }
}
