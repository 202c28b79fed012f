import Glibc
import LinuxSystem
import OCISpec
import Store

extension ImageService {
  /// Makes the writable layer of a container on an image: `<root>/containers/<owner>/{upper,work}`. The image's layers stay as long as it.
  public func prepareSnapshot(owner: String, image: ResolvedImage) throws(ImageError) -> Snapshot {
    let folder = "\(root)/containers/\(owner)"
    let snapshot = Snapshot(upper: "\(folder)/upper", work: "\(folder)/work")
    let snapshots = snapshots
    let record = SnapshotRecord(owner: owner, imageID: image.id, diffIDs: image.config.rootfs.diffIDs)
    try files("cannot make the writable layer of \(owner)") {
      try snapshots.put(record, id: owner)
      try makeDirectory(folder, mode: 0o710)
      try makeDirectory(snapshot.upper, mode: 0o755)
      try makeDirectory(snapshot.work, mode: 0o711)
    }
    return snapshot
  }

  /// Removes a writable layer; absent: no effect.
  public func removeSnapshot(owner: String) throws(ImageError) {
    let (folder, snapshots) = ("\(root)/containers/\(owner)", snapshots)
    try files("cannot remove the writable layer of \(owner)") {
      try removeTree(folder)
      try snapshots.remove(owner)
    }
  }

  /// What a container wrote: a walk over its upper directory only.
  public func snapshotUsage(owner: String) throws(ImageError) -> DiskUsage {
    let path = "\(root)/containers/\(owner)/upper"
    let (bytes, inodes) = try files("cannot measure \(path)") { try TreeUsage.measure(path) }
    return DiskUsage(path: path, bytes: bytes, inodes: inodes)
  }
}
