import Foundation
import LinuxSystem
import OCISpec
public import Store
import Synchronization

/// The images of this node: content by digest, unpacked layers, names, and the writable layers of containers.
public final class ImageService: Sendable {
  let root: String
  let store: Store
  let content: ContentStore
  let layers: LayerStore
  let records: Collection<ImageRecord>
  let preloads: Collection<PreloadRecord>
  let snapshots: Collection<SnapshotRecord>
  /// One import or removal at a time: they decide together which blobs and layers are used.
  let changing = Mutex(())
  private let configs = Mutex<[String: ImageConfig]>([:])

  /// Opens the store below `root`; what a crash left half-made is removed.
  public init(root: String, store: Store) throws(ImageError) {
    self.root = root
    self.store = store
    content = try ContentStore(root: root)
    layers = try LayerStore(root: root, store: store)
    records = Collection("image", in: store)
    preloads = Collection("preload", in: store)
    snapshots = Collection("snapshot", in: store)
  }

  /// Where relative layer paths begin.
  public var layersDirectory: String { layers.directory }

  // MARK: Look-up

  public func list() throws(ImageError) -> [Image] { try all().map(Image.init) }

  func all() throws(ImageError) -> [ImageRecord] {
    let records = records
    return try files("cannot list images") { try records.all() }
  }

  /// By id (with or without `sha256:`, or a prefix of it), tag, name without tag (= latest) or repository digest; nil when absent.
  public func status(_ reference: String) throws(ImageError) -> Image? { try find(reference).map(Image.init) }

  func find(_ reference: String) throws(ImageError) -> ImageRecord? {
    let images = try all()
    let hex = reference.hasPrefix("sha256:") ? String(reference.dropFirst(7)) : reference
    if let exact = images.first(where: { $0.id == "sha256:" + hex }) { return exact }
    if let name = try? ImageReference(reference) {
      if let digest = name.digest {
        if let found = images.first(where: { $0.repoDigests.contains("\(name.repository)@\(digest)") }) { return found }
      } else if let found = images.first(where: { $0.repoTags.contains("\(name.repository):\(name.tag ?? "latest")") }) {
        return found
      }
    }
    guard hex.utf8.count >= 3, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
    let matches = images.filter { $0.id.dropFirst(7).hasPrefix(hex) }
    if matches.count > 1 {
      throw ImageError(.ambiguous, "'\(reference)' is the beginning of \(matches.count) image ids: give more digits")
    }
    return matches.first
  }

  /// Config and layer directories. Throws `.notFound` with what to do.
  public func resolve(_ reference: String) throws(ImageError) -> ResolvedImage {
    guard let record = try find(reference) else {
      throw ImageError(
        .notFound, "no image '\(reference)' on this node; swiftctl images lists them, swiftctl image import adds one")
    }
    var paths: [LayerPath] = []
    // The same layer twice (empty ones, mostly): overlayfs takes a directory once, and the topmost has all of it.
    var seen: Set<String> = []
    for diffID in record.diffIDs.reversed() where seen.insert(diffID).inserted {
      guard let layer = try layers.record(diffID) else {
        throw ImageError(.inputOutput, "layer \(diffID) of image \(record.id) is gone from disk: import the image again")
      }
      paths.append(LayerPath(path: layers.path(layer), relativePath: layers.relativePath(layer)))
    }
    return ResolvedImage(
      id: record.id, repoTags: record.repoTags.sorted(), repoDigests: record.repoDigests.sorted(), config: try config(record.id),
      layers: paths)
  }

  private func config(_ id: String) throws(ImageError) -> ImageConfig {
    if let known = configs.withLock({ $0[id] }) { return known }
    let bytes = try content.read(id)
    let config = try files("image \(id): its config is damaged") { try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) }
    configs.withLock { $0[id] = config }
    return config
  }

  // MARK: Removal

  /// Removes an image with all its tags; layers that containers stand on stay until those are removed. Absent: no effect.
  public func remove(_ reference: String) async throws(ImageError) {
    try await runBlocking { [self] () throws(ImageError) in
      try changing.withLock { _ throws(ImageError) in
        guard let record = try find(reference) else { return }
        let records = records
        try files("cannot remove image \(record.id)") { try records.remove(record.id) }
        configs.withLock { _ = $0.removeValue(forKey: record.id) }
        _ = try collect(dryRun: false)
      }
    }
  }

  /// Removes blobs and layers nothing refers to; returns their names.
  public func collectGarbage(dryRun: Bool) async throws(ImageError) -> [String] {
    try await runBlocking { [self] () throws(ImageError) in
      try changing.withLock { _ throws(ImageError) in try collect(dryRun: dryRun) }
    }
  }

  /// The caller holds `changing`.
  func collect(dryRun: Bool) throws(ImageError) -> [String] {
    let images = try all()
    let snapshots = snapshots
    let used = try files("cannot list snapshots") { try snapshots.all() }
    let blobs = Set(images.flatMap(\.blobs))
    let diffIDs = Set(images.flatMap(\.diffIDs)).union(used.flatMap(\.diffIDs))
    var removed: [String] = []
    for digest in try content.all() where !blobs.contains(digest) {
      removed.append("blob \(digest)")
      if !dryRun { try content.remove(digest) }
    }
    for layer in try layers.all() where !diffIDs.contains(layer.diffID) {
      removed.append("layer \(layer.diffID)")
      if !dryRun { try layers.remove(layer) }
    }
    return removed
  }

  // MARK: Usage

  /// Bytes and inodes of unpacked layers, from the records: no walk over the disk.
  public func filesystemUsage() throws(ImageError) -> DiskUsage {
    let all = try layers.all()
    return DiskUsage(
      path: root, bytes: UInt64(all.reduce(0) { $0 + $1.bytes }), inodes: UInt64(all.reduce(0) { $0 + $1.inodes }))
  }
}
