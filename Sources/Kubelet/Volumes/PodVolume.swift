internal import KubeModel
internal import Store

/// A prepared place on the host that containers mount. `setUp` blocks on the file system and is idempotent; what it makes is below the
/// pod's directory, where `VolumeTeardown` finds it.
protocol PodVolume: Sendable {
  /// Where it is on the host.
  var hostPath: String { get }
  /// Whether the pod's fsGroup owns it: what the kubelet made itself.
  var takesGroup: Bool { get }
  func setUp() throws(KubeletError)
}

/// The volumes of one pod.
struct PodVolumes: Sendable {
  let volumes: [String: any PodVolume]
  let paths: PodPaths
  let ledger: Ledger
  let fsGroup: UInt32?
  /// `OnRootMismatch`: a directory that already belongs to the group is left alone.
  let changesGroupOnMismatchOnly: Bool

  init(_ pod: Pod, paths: PodPaths, ledger: Ledger, node: NodeFacts) {
    var volumes: [String: any PodVolume] = [:]
    for volume in pod.spec.volumes ?? [] {
      volumes[volume.name] = Self.volume(volume, pod, paths: paths, ledger: ledger, node: node)
    }
    self.volumes = volumes
    self.paths = paths
    self.ledger = ledger
    fsGroup = pod.spec.securityContext?.fsGroup.map { UInt32(clamping: $0) }
    changesGroupOnMismatchOnly = pod.spec.securityContext?.fsGroupChangePolicy == "OnRootMismatch"
  }

  private static func volume(
    _ volume: KubeModel.Volume, _ pod: Pod, paths: PodPaths, ledger: Ledger, node: NodeFacts
  ) -> any PodVolume {
    if let source = volume.hostPath { return HostPathVolume(path: source.path, type: source.type ?? "") }
    if let source = volume.emptyDir {
      let path = paths.volume(plugin: "empty-dir", volume.name)
      switch source.medium ?? "" {
      case "": return EmptyDirVolume(hostPath: path, memory: nil, owner: paths.uid.rawValue, ledger: ledger)
      case "Memory":
        return EmptyDirVolume(
          hostPath: path, memory: EmptyDirVolume.size(limit: source.sizeLimit, in: pod, node: node), owner: paths.uid.rawValue,
          ledger: ledger)
      case let medium: return UnsupportedVolume(what: "emptyDir with medium \(medium)")
      }
    }
    return UnsupportedVolume(what: volume.sourceNames.first ?? "no type")
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

  /// Needs nothing of the manifest.
  func tearDown() async throws(KubeletError) {
    let (paths, ledger) = (paths, ledger)
    try await Deadline.run("removing the volumes of the pod", seconds: 60) { () throws(KubeletError) in
      try VolumeTeardown.run(paths, ledger: ledger)
    }
  }
}
