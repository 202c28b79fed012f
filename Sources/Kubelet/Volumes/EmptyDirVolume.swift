internal import KubeModel
internal import LinuxSystem
internal import Store

/// A directory that lives as long as the pod: on disk, or a tmpfs.
/// Source: kubelet volume/emptydir.
struct EmptyDirVolume: PodVolume {
  let hostPath: String
  /// Bytes of the tmpfs; nil: on disk.
  let memory: Int64?
  let owner: String
  let ledger: Ledger
  var takesGroup: Bool { true }

  /// The smallest of the volume's limit, the pod's memory limit (if it has one) and the node's memory. Source: kubelet
  /// `calculateEmptyDirMemorySize`.
  static func size(limit: Quantity?, in pod: Pod, node: NodeFacts) -> Int64 {
    var size = node.memoryCapacity
    if pod.isLimited("memory"), let sum = pod.limits["memory"], sum > 0 { size = min(size, Int64(sum.value)) }
    if let limit, limit.value > 0 { size = min(size, Int64(limit.value)) }
    return size
  }

  func setUp() throws(KubeletError) -> Bool {
    do {
      let isNew = try HostFiles.facts(hostPath, followsLink: false) == nil
      try makeDirectory(hostPath, mode: 0o777, parents: 0o750)
      guard let memory else { return isNew }
      if try MountTable.isMountPoint(hostPath) {
        // The pod may have other limits now. One that holds more keeps its size: its memory is the containers' own.
        _ = try HostFiles.resizeTmpfs(at: hostPath, size: memory)
        return false
      }
      try ledger.record([Ledger.Entry(.mount, hostPath, owner: owner)])
      try HostFiles.mountTmpfs(at: hostPath, size: memory, mode: 0o777)
      return true
    } catch {
      throw KubeletError(.volume, "cannot prepare the emptyDir", cause: error)
    }
  }
}
