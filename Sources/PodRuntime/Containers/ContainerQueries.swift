import CRIMapping
import LinuxRuntime
import OCISpec
public import RuntimeAPI
import Synchronization

extension PodRuntime {
  public func containerStatus(
    _ id: ContainerID, verbose: Bool
  ) async throws(RuntimeError) -> (status: ContainerStatus, info: [String: String]) {
    let container = try await container(id)
    var info: [String: String] = [:]
    if verbose {
      let (record, spec) = (container.record, jsonText(try await shownSpec(of: container)))
      info["info"] = """
        {"pid":\(container.machine.pid),"sandboxID":"\(record.sandboxID)","snapshotKey":"\(record.id)",\
        "snapshotter":"overlayfs","cgroupPath":\(jsonText(record.cgroup)),\
        "config":\(record.config.jsonText()),"runtimeSpec":\(spec)}
        """
    }
    return (containerStatus(container), info)
  }

  public func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerSummary] {
    try await wait(for: recovered)
    return state.withLock { Array($0.containers.values) }.filter { container in
      let (record, machine) = (container.record, container.machine)
      return machine.isVisible && (filter.id.isEmpty || record.id.rawValue.hasPrefix(filter.id))
        && (filter.sandboxID.isEmpty || record.sandboxID.rawValue.hasPrefix(filter.sandboxID))
        && (filter.state.map { $0 == machine.state } ?? true)
        && filter.labels.allSatisfy { record.config.labels[$0.key] == $0.value }
    }.sorted { $0.record.createdAt > $1.record.createdAt }.map { container in
      let record = container.record
      return ContainerSummary(
        id: record.id, sandboxID: record.sandboxID, metadata: record.config.metadata, image: record.config.image,
        imageRef: record.imageRef, imageID: record.imageID, state: container.machine.state, createdAt: record.createdAt,
        labels: record.config.labels, annotations: record.config.annotations)
    }
  }

  /// The spec with paths that lead to the namespaces it names.
  private func shownSpec(of container: Container) async throws(RuntimeError) -> RuntimeSpec {
    var spec = try await spec(of: container.id).complete
    guard let namespaces = spec.linux?.namespaces else { return spec }
    let pause = state.withLock { $0.sandboxes[container.sandboxID] }?.pausePID ?? 0
    spec.linux?.namespaces = namespaces.map { namespace in
      guard let path = namespace.path, let id = NamespacePath.processID(path) else { return namespace }
      let pid = id.isEmpty ? pause : state.withLock { $0.containers[ContainerID(id)] }?.machine.pid ?? 0
      return NamespaceSpec(type: namespace.type, path: Self.namespacePath(pid, namespace.type))
    }
    return spec
  }

  /// Source: namespaces(7). nil for a process that is gone.
  static func namespacePath(_ pid: Int32, _ type: NamespaceSpec.Kind) -> String? {
    let names: [NamespaceSpec.Kind: String] = [
      .pid: "pid", .network: "net", .mount: "mnt", .ipc: "ipc", .uts: "uts", .user: "user", .cgroup: "cgroup",
    ]
    return pid > 0 ? names[type].map { "/proc/\(pid)/ns/\($0)" } : nil
  }

  func containerStatus(_ container: Container) -> ContainerStatus {
    let (record, machine) = (container.record, container.machine)
    var image = record.config.image
    image.image = record.imageName
    return ContainerStatus(
      id: record.id, sandboxID: record.sandboxID, metadata: record.config.metadata, state: machine.state,
      createdAt: record.createdAt, startedAt: machine.startedAt,
      finishedAt: machine.end?.finishedAt ?? 0, exitCode: machine.end?.exitCode ?? 0, image: image, imageRef: record.imageRef,
      imageID: record.imageID, reason: machine.end?.reason ?? "", message: machine.end?.message ?? "",
      labels: record.config.labels, annotations: record.config.annotations, mounts: record.shownMounts, logPath: record.logPath,
      resources: container.resources ?? LinuxResources(), user: record.user, stopSignal: record.stopSignal,
      pid: machine.state == .running ? machine.pid : 0)
  }
}
