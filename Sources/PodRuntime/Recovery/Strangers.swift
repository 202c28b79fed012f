import Cgroups
import Images
import LinuxSystem
import Logging
import PodNetwork
import RuntimeAPI
import ShimCore
import Synchronization

/// A podshim that no record explains, and its pod.
struct Stranger: Sendable {
  let id: String
  var process: PidFD?
}

/// Ends pods that run on the node and that no record explains: it was lost with the pod's directory, or the agent died while it made them.
/// Whoever wanted them asks again, and finds nothing that runs beside the new one.
extension PodRuntime {
  func findStrangers(_ found: FoundRecords, _ report: inout RecoveryReport) async -> [Stranger] {
    // Whether a record explains them is not known.
    guard let directories = found.directories else { return [] }
    let known = Set(found.sandboxes.keys.map(\.rawValue))
    do {
      return try await runBlocking { [self] () throws(SystemCallError) in
        try findStrangers(known, directories: directories.map(\.rawValue))
      }
    } catch {
      report.problems.append("cannot look for podshims without records: \(error)")
      return []
    }
  }

  func end(_ strangers: [Stranger], _ report: inout RecoveryReport) async {
    await withTaskGroup(of: (String, (any Error)?).self) { group in
      for stranger in strangers {
        group.addTask {
          do {
            try await self.end(stranger)
            return (stranger.id, nil)
          } catch {
            return (stranger.id, error)
          }
        }
      }
      for await (id, error) in group {
        if let error {
          report.problems.append("sandbox \(id), which no record explains, could not be ended: \(error)")
        } else {
          report.repaired.append("ended sandbox \(id), which no record explains")
        }
      }
    }
  }

  /// By directory, and by process where the directory is lost too.
  private func findStrangers(_ known: Set<String>, directories: [String]) throws(SystemCallError) -> [Stranger] {
    var strangers: [String: Stranger] = [:]
    for name in directories where !known.contains(name) {
      strangers[name] = Stranger(id: name, process: try ShimProcess.find(directory: settings.sandboxDirectory(name)))
    }
    for (id, process) in try ShimProcess.all(in: "\(settings.stateDirectory)/sandboxes") where !known.contains(id) {
      strangers[id] = Stranger(id: id, process: process)
    }
    return Array(strangers.values)
  }

  private func end(_ stranger: Stranger) async throws {
    let (directory, cgroups) = (settings.sandboxDirectory(stranger.id), cgroups)
    let file = recordFile(of: SandboxID(stranger.id))
    let (record, containers) = await runBlocking {
      let record = (try? RecordsBeside.readRecord(file)).flatMap { try? SandboxRecord(bytes: $0) }
      let containers = ((try? listDirectory(directory)) ?? []).filter { ContainerRecord.id(ofFile: $0) != nil }.compactMap { name in
        (try? RecordsBeside.readRecord("\(directory)/\(name)")).flatMap { try? ContainerRecord(bytes: $0) }
      }
      return (record, containers)
    }
    var paths = containers.map(\.cgroup) + (record?.cgroups ?? [])
    if let process = stranger.process {
      // What the files do not say, the processes do.
      let known = paths
      paths += await runBlocking {
        ShimProcess.cgroups(of: process.pid).filter { path in !known.contains { $0 == path || $0.hasPrefix(path + "/") } }
      }
    }
    logger.warning("Ending a sandbox that no record explains", metadata: ["sandbox.id": "\(stranger.id)", "cgroups": "\(paths)"])
    // Last what holds the others, when it is ours.
    let all = paths + ["\(Self.ownParent(settings))/\(stranger.id)"]
    try await runBlocking(.ending) { () throws(any Error) in
      for path in all { try cgroups.cgroup(path).kill() }
      try stranger.process?.signal(9)
      for path in all { try cgroups.cgroup(path).remove() }
    }
    let images = images
    for container in containers {
      try await records.releasing { try images.removeSnapshot(owner: container.id.rawValue) }
      try await records.release { [records] in try records.remove(container.id, $0) }
    }
    try await giveBackNetwork(of: stranger.id)
    try await runBlocking { () throws(SystemCallError) in try removeTree(directory) }
  }
}
