internal import KubeModel
internal import Store

/// A prepared place on the host that containers mount. Calls block on the file system; both are idempotent.
protocol PodVolume: Sendable {
  /// Where it is on the host.
  var hostPath: String { get }
  /// Whether the pod's fsGroup owns it: what the kubelet made itself.
  var takesGroup: Bool { get }
  func setUp() throws(KubeletError)
  func tearDown() throws(KubeletError)
}

/// The volumes of one pod.
struct PodVolumes: Sendable {
  let volumes: [String: any PodVolume]
  let paths: PodPaths
  let fsGroup: UInt32?
  /// `OnRootMismatch`: a directory that already belongs to the group is left alone.
  let changesGroupOnMismatchOnly: Bool

  init(_ pod: Pod, paths: PodPaths, ledger: Ledger, node: NodeFacts) throws(KubeletError) {
    var volumes: [String: any PodVolume] = [:]
    for volume in pod.spec.volumes ?? [] {
      volumes[volume.name] = try Self.volume(volume, pod, paths: paths, ledger: ledger, node: node)
    }
    self.volumes = volumes
    self.paths = paths
    fsGroup = pod.spec.securityContext?.fsGroup.map { UInt32(clamping: $0) }
    changesGroupOnMismatchOnly = pod.spec.securityContext?.fsGroupChangePolicy == "OnRootMismatch"
  }

  private static func volume(
    _ volume: KubeModel.Volume, _ pod: Pod, paths: PodPaths, ledger: Ledger, node: NodeFacts
  ) throws(KubeletError) -> any PodVolume {
    if let source = volume.hostPath { return HostPathVolume(path: source.path, type: source.type ?? "") }
    if let source = volume.emptyDir {
      let path = paths.volume(plugin: "empty-dir", volume.name)
      return switch source.medium ?? "" {
      case "": EmptyDirVolume(hostPath: path, memory: nil, owner: paths.uid.rawValue, ledger: ledger)
      case "Memory":
        EmptyDirVolume(
          hostPath: path, memory: EmptyDirVolume.size(limit: source.sizeLimit, in: pod, node: node), owner: paths.uid.rawValue,
          ledger: ledger)
      case let medium:
        throw KubeletError(.invalidPod, reason: "FailedMount", "volume \(volume.name): emptyDir medium \(medium) is not supported")
      }
    }
    throw KubeletError(.invalidPod, reason: "FailedMount", "volume \(volume.name) is of a type that is not supported")
  }

  /// Each volume with a deadline, all at once; the first failure is reported.
  func setUp() async throws(KubeletError) {
    var first: KubeletError?
    await withTaskGroup(of: KubeletError?.self) { group in
      for (name, volume) in volumes {
        group.addTask {
          do throws(KubeletError) {
            try await Deadline.run("setting up volume \(name) at \(volume.hostPath)", seconds: 30) { () throws(KubeletError) in
              try volume.setUp()
              if volume.takesGroup, let fsGroup {
                try VolumeOwnership.apply(volume.hostPath, group: fsGroup, onlyOnMismatch: changesGroupOnMismatchOnly)
              }
            }
            return nil
          } catch {
            return KubeletError(
              error.code, reason: "FailedMount", "MountVolume.SetUp failed for volume \"\(name)\": \(error.description)")
          }
        }
      }
      for await error in group { first = first ?? error }
    }
    if let first { throw first }
  }

  func tearDown() async throws(KubeletError) {
    for (name, volume) in volumes {
      try await Deadline.run("releasing volume \(name) at \(volume.hostPath)", seconds: 30, volume.tearDown)
    }
    let paths = paths
    try await Deadline.run("removing the volumes of the pod", seconds: 60) { () throws(KubeletError) in
      try DirectoryRemoval.remove(paths.subPaths)
      try DirectoryRemoval.remove(paths.volumes)
    }
  }
}
