internal import KubeModel
internal import LinuxSystem
internal import Store

/// The volumes of one pod.
struct PodVolumes: Sendable {
  let volumes: [String: any PodVolume]
  let paths: PodPaths
  let ledger: Ledger
  let fsGroup: UInt32?
  /// `OnRootMismatch`: a directory that already belongs to the group is left alone.
  let changesGroupOnMismatchOnly: Bool

  /// Shared by all pods of the process: a retry is another value of this type.
  static let calls = VolumeCalls()

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
      let memory: Int64? = source.medium == "Memory" ? EmptyDirVolume.size(limit: source.sizeLimit, in: pod, node: node) : nil
      if memory != nil || (source.medium ?? "").isEmpty {
        return EmptyDirVolume(
          hostPath: paths.volume(plugin: "empty-dir", volume.name), memory: memory, owner: paths.uid.rawValue, ledger: ledger)
      }
    }
    if let source = volume.downwardAPI {
      return DownwardAPIVolume(
        source.items ?? [], defaultMode: source.defaultMode, hostPath: paths.volume(plugin: "downward-api", volume.name), pod: pod,
        node: node)
    }
    if let source = volume.projected, (source.sources ?? []).allSatisfy({ $0.downwardAPI != nil }) {
      return DownwardAPIVolume(
        (source.sources ?? []).flatMap { $0.downwardAPI?.items ?? [] }, defaultMode: source.defaultMode,
        hostPath: paths.volume(plugin: "projected", volume.name), pod: pod, node: node)
    }
    if let source = volume.image {
      let reference = source.reference ?? ""
      return ImageVolume(reference: reference, pullPolicy: source.pullPolicy ?? Container.pullPolicy(image: reference))
    }
    return UnsupportedVolume(what: volume.unsupportedType ?? "none")
  }

  /// All at once; the first failure is reported. One that hangs fails here after half a minute and goes on by itself: so does a change of
  /// group of very many files, which the next try finds further on or done.
  func setUp() async throws(KubeletError) {
    var first: KubeletError?
    await withTaskGroup(of: KubeletError?.self) { group in
      for (name, volume) in volumes {
        group.addTask {
          do throws(KubeletError) {
            try await Self.calls.run(
              paths.volumeRecord(name), what: "setting up volume \(name) at \(volume.hostPath)", seconds: 30
            ) { () throws(KubeletError) in try prepare(volume, name) }
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

  /// Binds parts of volumes where containers find them. One that hangs holds one thread, however often its container is tried again.
  static func bind(_ parts: [SubPath], ledger: Ledger, owner: String, seconds: Int = 30) async throws(KubeletError) {
    for part in parts {
      try await calls.run(part.target, what: "preparing subPath \"\(part.path)\" of volume \(part.root)", seconds: seconds) {
        () throws(KubeletError) in try part.bind(ledger: ledger, owner: owner)
      }
    }
  }

  /// The group is given once to what is new, and again only when the pod asks for another one: a walk over a volume in use takes long.
  private func prepare(_ volume: any PodVolume, _ name: String) throws(KubeletError) {
    let isNew = try volume.setUp()
    guard volume.takesGroup, let fsGroup else { return }
    let record = VolumeRecord(path: paths.volumeRecord(name))
    if !isNew, record.group == fsGroup { return }
    try VolumeOwnership.apply(volume.hostPath, group: fsGroup, onlyOnMismatch: changesGroupOnMismatchOnly)
    try record.save(group: fsGroup)
  }

  /// Needs nothing of the manifest.
  func tearDown() async throws(KubeletError) {
    let (paths, ledger) = (paths, ledger)
    try await Self.calls.run(paths.volumes, what: "removing the volumes of the pod", seconds: 60, reason: "FailedUnMount") {
      () throws(KubeletError) in
      try VolumeTeardown.run(paths, ledger: ledger)
    }
  }
}
