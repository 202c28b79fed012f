import Glibc
import LinuxSystem
import OCISpec
import Synchronization

extension ImageService {
  /// Makes the writable layer of a container on an image: `<root>/containers/<owner>/{snapshot,upper,work}`. The directory says itself on
  /// which layers it stands, so that they stay as long as it, whatever becomes of the database.
  /// - Parameters:
  ///   - volumes: images that the container mounts: their layers stay as long.
  ///   - root: the ids on disk of the container's root.
  public func prepareSnapshot(
    owner: String, image: ResolvedImage, mounting volumes: [ResolvedImage] = [], root: (uid: UInt32, gid: UInt32) = (0, 0)
  ) throws(ImageError) -> Snapshot {
    let folder = "\(self.root)/containers/\(owner)"
    let snapshot = Snapshot(upper: "\(folder)/upper", work: "\(folder)/work")
    let description = SnapshotDescription(
      image: image.id, layers: image.lease.numbers + Set(volumes.flatMap(\.lease.numbers)).subtracting(image.lease.numbers).sorted()
    )
    catalog.put(snapshot: owner, layers: description.layers)
    do {
      try files("cannot make the writable layer of \(owner)") {
        try makeDirectory(folder, mode: 0o700)
        try writeFile("\(folder)/\(SnapshotDescription.file)", description.text, mode: 0o600)
        try makeDirectory(snapshot.upper, mode: 0o755)
        if root != (0, 0) { try HostFiles.changeOwner(snapshot.upper, uid: root.uid, gid: root.gid) }
        try makeDirectory(snapshot.work, mode: 0o711)
        if !(image.config.config?.volumes ?? [:]).isEmpty {
          try makeDirectory("\(snapshot.volumes)/upper", mode: 0o755, parents: 0o700)
          try makeDirectory("\(snapshot.volumes)/work", mode: 0o711)
          if root != (0, 0) { try HostFiles.changeOwner("\(snapshot.volumes)/upper", uid: root.uid, gid: root.gid) }
        }
      }
    } catch {
      try? removeSnapshot(owner: owner)
      throw error
    }
    return snapshot
  }

  /// Removes a writable layer; absent: no effect.
  public func removeSnapshot(owner: String) throws(ImageError) {
    let folder = "\(root)/containers/\(owner)"
    try files("cannot remove the writable layer of \(owner)") { try removeTree(folder) }
    catalog.remove(snapshot: owner)
    snapshotUsages.withLock { _ = $0.removeValue(forKey: owner) }
  }

  /// Whose writable layers there are, without those of `owners`: of containers that nobody knows, when called before one is made.
  public func snapshotOwners(except owners: Set<String>) -> [String] {
    catalog.snapshotOwners().filter { !owners.contains($0) }.sorted()
  }

  /// At start: whose directories there are, and on which layers they stand. A directory that was not finished is removed: its container
  /// cannot have started. One whose description cannot be read stays, and so does every layer.
  static func loadSnapshots(_ root: String, into catalog: ImageCatalog) throws(ImageError) -> Set<Int> {
    let folder = "\(root)/containers"
    var inUse: Set<Int> = []
    try files("cannot prepare \(folder)") {
      try makePrivateDirectory(folder)
      for owner in try listDirectory(folder) {
        switch describe("\(folder)/\(owner)") {
        case .unfinished: try removeTree("\(folder)/\(owner)")
        case .described(let description):
          catalog.put(snapshot: owner, layers: description.layers)
          inUse.formUnion(description.layers)
        case .unknown(let why):
          catalog.put(snapshot: owner, layers: [])
          catalog.keepAllLayers()
          catalog.report("the writable layer \(folder)/\(owner) does not say on which layers it stands (\(why)): every layer stays")
        }
      }
    }
    return inUse
  }

  private enum Description {
    case unfinished
    case described(SnapshotDescription)
    case unknown(String)
  }

  /// Bytes. A container can have the layers of its image and of 245 image volumes.
  private static let descriptionLimit = 16 << 20

  private static func describe(_ folder: String) -> Description {
    do throws(SystemCallError) {
      let text = try LinuxSystem.readFile("\(folder)/\(SnapshotDescription.file)", limit: descriptionLimit)
      // Cut at a line's end it would be read as whole, and layers of a running container be removed.
      guard text.utf8.count < descriptionLimit else { return .unknown("its description is too long") }
      if let description = SnapshotDescription(text) { return .described(description) }
      // A power loss may empty a file that was not flushed. What was made after it tells whether the container can have started.
      let mayHaveStarted = unsafe access("\(folder)/work", F_OK) == 0 || errno != ENOENT
      return text.isEmpty && !mayHaveStarted ? .unfinished : .unknown("its description is damaged")
    } catch {
      return error.code == ENOENT ? .unfinished : .unknown("\(error)")
    }
  }

  // MARK: Usage

  /// A walk over a directory, and what it cost.
  struct MeasuredUsage: Sendable {
    let usage: DiskUsage
    /// CLOCK_MONOTONIC nanoseconds.
    let measured: UInt64
    let duration: UInt64

    /// A walk is worth a hundred times its own length, so that measuring takes a hundredth of a CPU however large the directory is.
    /// `now` may lie before `measured`: somebody else measured after this caller looked at the clock.
    func isFresh(at now: UInt64, maximumAge: UInt64 = 0) -> Bool {
      now <= measured || now - measured < max(duration * 100, maximumAge)
    }
  }

  /// What a container wrote: its upper directory, measured anew when the last time was long enough ago.
  /// - Parameter maximumAge: nanoseconds that the last measurement may be old in any case.
  public func snapshotUsage(owner: String, maximumAge: UInt64 = 0) throws(ImageError) -> DiskUsage {
    let path = "\(root)/containers/\(owner)/upper"
    let started = monotonicNanoseconds()
    if let known = snapshotUsages.withLock({ $0[owner] }), known.isFresh(at: started, maximumAge: maximumAge) { return known.usage }
    let (bytes, inodes) = try files("cannot measure \(path)") { try TreeUsage.measure(path) }
    let usage = DiskUsage(path: path, bytes: bytes, inodes: inodes)
    let now = monotonicNanoseconds()
    snapshotUsages.withLock { $0[owner] = MeasuredUsage(usage: usage, measured: now, duration: now - started) }
    return usage
  }

  /// What images take: layers, by what was measured when they came in, and documents and archives being read, by a look at their few files.
  public func imageUsage() throws(ImageError) -> DiskUsage {
    let content = "\(root)/content"
    let documents = try files("cannot measure \(content)") { try TreeUsage.measure(content) }
    let layers = catalog.layers()
    return DiskUsage(
      path: layersDirectory, bytes: layers.reduce(documents.bytes) { $0 + UInt64($1.diskBytes) },
      inodes: layers.reduce(documents.inodes) { $0 + UInt64($1.inodes) })
  }

  /// What containers wrote into their root file systems.
  public func containersUsage() throws(ImageError) -> DiskUsage {
    var (bytes, inodes): (UInt64, UInt64) = (0, 0)
    for owner in catalog.snapshotOwners() {
      // One that is being removed is no failure of the others.
      guard let usage = try? snapshotUsage(owner: owner) else { continue }
      (bytes, inodes) = (bytes + usage.bytes, inodes + usage.inodes)
    }
    return DiskUsage(path: "\(root)/containers", bytes: bytes, inodes: inodes)
  }
}
