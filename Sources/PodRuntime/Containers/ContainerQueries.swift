public import RuntimeAPI
import Synchronization

extension PodRuntime {
  public func containerStatus(
    _ id: ContainerID, verbose: Bool
  ) async throws(RuntimeError) -> (status: ContainerStatus, info: [String: String]) {
    let record = try container(id).record
    var info: [String: String] = [:]
    if verbose {
      info["info"] = jsonText(
        ContainerInfo(
          pid: record.pid, sandboxID: record.sandboxID.rawValue, cgroupPath: record.cgroup, config: record.config))
      info["runtimeSpec"] = jsonText(try spec(of: record.id).complete)
    }
    return (containerStatus(record), info)
  }

  public func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerSummary] {
    let containers = state.withLock { Array($0.containers.values) }
    return containers.map(\.record).filter { record in
      (filter.id.isEmpty || record.id.rawValue.hasPrefix(filter.id))
        && (filter.sandboxID.isEmpty || record.sandboxID.rawValue.hasPrefix(filter.sandboxID))
        && (filter.state.map { $0 == record.state } ?? true)
        && filter.labels.allSatisfy { record.config.labels[$0.key] == $0.value }
    }.sorted { $0.createdAt > $1.createdAt }.map { record in
      ContainerSummary(
        id: record.id, sandboxID: record.sandboxID, metadata: record.config.metadata, image: record.config.image,
        imageRef: record.imageRef, imageID: record.imageID, state: record.state, createdAt: record.createdAt,
        labels: record.config.labels, annotations: record.config.annotations)
    }
  }

  func containerStatus(_ record: ContainerRecord) -> ContainerStatus {
    var image = record.config.image
    image.image = record.imageName
    return ContainerStatus(
      id: record.id, sandboxID: record.sandboxID, metadata: record.config.metadata, state: record.state,
      createdAt: record.createdAt, startedAt: record.startedAt, finishedAt: record.finishedAt, exitCode: record.exitCode,
      image: image, imageRef: record.imageRef, imageID: record.imageID, reason: record.reason, message: record.message,
      labels: record.config.labels, annotations: record.config.annotations, mounts: record.config.mounts,
      logPath: record.logPath, resources: record.resources, user: record.user, stopSignal: record.stopSignal,
      pid: record.state == .running ? record.pid : 0)
  }

  private struct ContainerInfo: Encodable {
    let pid: Int32
    let sandboxID: String
    let cgroupPath: String
    let config: ContainerConfig
  }
}
