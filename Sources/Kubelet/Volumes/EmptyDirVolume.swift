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

  /// The smallest of the volume's limit, the sum of the containers' memory limits (if all have one) and the node's memory.
  static func size(limit: Quantity?, in pod: Pod, node: NodeFacts) -> Int64 {
    var size = node.memoryCapacity
    let limits = pod.allContainers.map { $0.container.resources?.limits?["memory"]?.value }
    if limits.allSatisfy({ $0 != nil }) {
      let sum = Int64(limits.reduce(0) { $0 + ($1 ?? 0) })
      if sum > 0 { size = min(size, sum) }
    }
    if let limit, limit.value > 0 { size = min(size, Int64(limit.value)) }
    return size
  }

  func setUp() throws(KubeletError) {
    do {
      try HostFiles.makeDirectory(hostPath, mode: 0o777)
      guard let memory else { return }
      if try MountTable.isMountPoint(hostPath) { return }
      try ledger.record([Ledger.Entry(.mount, hostPath, owner: owner)])
      try HostFiles.mountTmpfs(at: hostPath, size: memory, mode: 0o777)
    } catch {
      throw KubeletError(.volume, "cannot prepare the emptyDir", cause: error)
    }
  }

  func tearDown() throws(KubeletError) {
    do {
      if memory != nil {
        try HostFiles.unmount(hostPath)
        try ledger.forget([Ledger.Entry(.mount, hostPath, owner: owner)])
      }
    } catch {
      throw KubeletError(.volume, reason: "FailedUnMount", "cannot release the emptyDir", cause: error)
    }
    try DirectoryRemoval.remove(hostPath)
  }
}
