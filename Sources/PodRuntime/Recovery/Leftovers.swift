import Cgroups
import Images
import LinuxSystem
import Logging
import RuntimeAPI
import Synchronization

/// What interrupted creations and removals left in sandboxes that live on, and on the disk.
struct Leftovers: Sendable {
  /// Files of containers that cannot be read: nothing is known but whose they are.
  var records: [(container: ContainerID, sandbox: SandboxRecord)] = []
  /// Owners of writable layers.
  var snapshots: [String] = []
}

extension PodRuntime {
  /// By name, before anything new is made: removing takes as long as the disk does, and others make the like meanwhile.
  func findLeftovers(_ found: FoundRecords, _ report: inout RecoveryReport) async -> Leftovers {
    guard let directories = found.directories else { return Leftovers() }
    let (settings, images, owners) = (settings, images, Set(found.containers.keys.map(\.rawValue)))
    return await runBlocking {
      var leftovers = Leftovers()
      for sandbox in found.sandboxes.values where directories.contains(sandbox.id) {
        for file in (try? listDirectory(settings.sandboxDirectory(sandbox.id.rawValue))) ?? [] {
          guard let id = ContainerRecord.id(ofFile: file), found.containers[id] == nil else { continue }
          leftovers.records.append((id, sandbox))
        }
      }
      leftovers.snapshots = images.snapshotOwners(except: owners)
      return leftovers
    }
  }

  func remove(_ leftovers: Leftovers, _ report: inout RecoveryReport) async {
    for (id, sandbox) in leftovers.records {
      await attempt("undid the interrupted creation of container \(id)", &report) { [self] in
        try await undoCreation(of: id, in: sandbox)
      }
    }
    for owner in leftovers.snapshots {
      let images = images
      await attempt("removed the writable layer of container \(owner)", &report) { [records] in
        try await records.releasing { try images.removeSnapshot(owner: owner) }
      }
    }
  }

  /// Takes back what a creation made that nobody finished, or whose undo failed. The record that tells of it goes last.
  private func undoCreation(of id: ContainerID, in sandbox: SandboxRecord) async throws {
    let path = "\(settings.sandboxDirectory(sandbox.id.rawValue))/\(ContainerRecord.file(of: id))"
    let (cgroup, images) = (cgroups.cgroup("\(sandbox.cgroupParent)/\(id)"), images)
    try await records.releasing {
      try cgroup.remove()
      try images.removeSnapshot(owner: id.rawValue)
    }
    try await records.release { [records] in try records.remove(id, $0) }
    try await records.releasing { try removeTree(path) }
  }

  /// The same for all that a sandbox's directory still has records of, when the containers that are known are removed.
  func undoCreations(in sandbox: SandboxRecord) async throws {
    let directory = settings.sandboxDirectory(sandbox.id.rawValue)
    let files = await runBlocking { (try? listDirectory(directory)) ?? [] }
    for id in files.compactMap(ContainerRecord.id(ofFile:)) { try await undoCreation(of: id, in: sandbox) }
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
