import FoundationEssentials
import LinuxSystem
import OCISpec
public import Registry
public import Store
import Synchronization

/// The images of this node: documents by digest, unpacked layers, names, and the writable layers of containers.
///
/// Looking up takes memory only. Nothing is locked while the disk works, except the names of images while a few records are written.
public final class ImageService: Sendable {
  let root: String
  let store: Store
  let catalog: ImageCatalog
  let content: ContentStore
  let layers: LayerStore
  let unpacker: Unpacker
  let registries: RegistryClient
  let records: Documents
  let preloads: Documents
  let snapshotUsages = Mutex<[String: MeasuredUsage]>([:])
  /// One change of names, documents and their records at a time; short.
  let changes = KeyedGate()
  private let configs = Mutex<[String: ImageConfig]>([:])

  /// Opens the store below `root`; what a crash left half-made is removed.
  /// - Parameters:
  ///   - unpacker: path of the program that parses archives (Sources/unpacker).
  ///   - registries: where images are pulled from.
  public convenience init(
    root: String, store: Store, unpacker: String, registries: RegistryClient = RegistryClient(settings: .init())
  ) throws(ImageError) {
    try self.init(root: root, store: store, unpacker: Unpacker(program: unpacker), registries: registries)
  }

  init(
    root: String, store: Store, unpacker: Unpacker, registries: RegistryClient = RegistryClient(settings: .init())
  ) throws(ImageError) {
    (self.root, self.store, self.unpacker, self.registries) = (root, store, unpacker, registries)
    catalog = ImageCatalog()
    content = try ContentStore(root: root)
    let inUse = try Self.loadSnapshots(root, into: catalog)
    layers = try LayerStore(root: root, catalog: catalog, unpacker: unpacker, inUse: inUse)
    let records = Documents("image.1", in: store)
    self.records = records
    preloads = Documents("preload.1", in: store)
    // A record that cannot be read costs its image, not the start: importing it again writes a good one.
    catalog.put(try files("cannot list images") { try records.all() }.compactMap { StoredImage(record: $0.bytes) })
  }

  /// Where relative layer paths begin.
  public var layersDirectory: String { layers.directory }

  /// What could not be read at start and was left alone, as sentences for the log.
  public var problems: [String] { catalog.problems }

  // MARK: Look-up

  public func list() -> [StoredImage] { catalog.all() }

  /// What a list with a filter shows: the images of a repository when the reference has neither tag nor digest, else the one it names.
  public func list(matching reference: String) throws(ImageError) -> [StoredImage] {
    if let name = try? ImageReference(reference), !name.isExact {
      let found = catalog.all().filter { image in
        image.repoTags.contains { $0.hasPrefix(name.repository + ":") }
          || image.repoDigests.contains { $0.hasPrefix(name.repository + "@") }
      }
      if !found.isEmpty { return found }
    }
    return try status(reference).map { [$0] } ?? []
  }

  /// By id (with or without `sha256:`, or a prefix of it), tag, name without tag (= latest) or repository digest; nil when absent.
  public func status(_ reference: String) throws(ImageError) -> StoredImage? {
    let hex = reference.hasPrefix("sha256:") ? String(reference.dropFirst(7)) : reference
    if let exact = catalog.image(id: "sha256:" + hex) { return exact }
    if let name = try? ImageReference(reference) {
      let key = name.digest.map { "\(name.repository)@\($0)" } ?? "\(name.repository):\(name.tag ?? "latest")"
      if let found = catalog.image(name: key) { return found }
    }
    guard hex.utf8.count >= 3, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
    let matches = catalog.images(prefix: hex)
    if matches.count > 1 {
      throw ImageError(.ambiguous, "'\(reference)' is the beginning of \(matches.count) image ids: give more digits")
    }
    return matches.first
  }

  /// Config and layer directories, kept as long as the result lives. Throws `.notFound` with what to do.
  public func resolve(_ reference: String) throws(ImageError) -> ResolvedImage {
    guard let found = try status(reference), let leased = catalog.lease(image: found.id) else {
      throw ImageError(
        .notFound,
        "no image '\(reference)' on this node; swiftctl images lists them, swiftctl pull or swiftctl image import adds one")
    }
    switch leased {
    case .failure(let missing):
      throw ImageError(.inputOutput, "layer \(missing.diffID) of image \(found.id) is gone from disk: import the image again")
    case .success(let (image, layers, lease)):
      return ResolvedImage(
        id: image.id, repoTags: image.repoTags, repoDigests: image.repoDigests, config: try config(image.id),
        layers: layers.map { LayerPath(path: self.layers.path($0), relativePath: "\($0.directory)/diff") }, lease: lease)
    }
  }

  /// Read from disk once.
  private func config(_ id: String) throws(ImageError) -> ImageConfig {
    if let known = configs.withLock({ $0[id] }) { return known }
    let bytes = try content.read(id)
    guard Digest.of(bytes) == id else {
      throw ImageError(.digestMismatch, "the config of image \(id) is damaged: remove the image and import it again")
    }
    let config = try files("the config of image \(id) cannot be read") {
      try JSONDecoder().decode(ImageConfig.self, from: Data(bytes))
    }
    configs.withLock { $0[id] = config }
    return config
  }

  // MARK: Removal

  /// Removes an image with all its tags; layers that containers stand on stay until those are removed. Absent: no effect.
  public func remove(_ reference: String) async throws(ImageError) {
    try await changes.pass(Self.names) { () async throws(ImageError) in
      guard let image = try status(reference) else { return }
      let records = records
      try await write("cannot remove image \(image.id)") { try records.remove(image.id, in: $0) }
      catalog.remove(image: image.id)
      configs.withLock { _ = $0.removeValue(forKey: image.id) }
    }
    _ = try await collectGarbage(dryRun: false)
  }

  /// Removes documents and layers nothing refers to; returns their names.
  public func collectGarbage(dryRun: Bool) async throws(ImageError) -> [String] {
    // Documents come in under the same gate, together with the record that names them.
    let documents = try await changes.pass(Self.names) { () async throws(ImageError) in
      let used = Set(catalog.all().flatMap(\.blobs))
      return try await runBlocking { [content] () throws(ImageError) in
        let unused = try content.all().filter { !used.contains($0) }
        if !dryRun { for digest in unused { try content.remove(digest) } }
        return unused
      }
    }
    let unused = dryRun ? catalog.unused() : catalog.takeUnused()
    if !dryRun, !unused.isEmpty {
      try await runBlocking(.foreign) { [layers] () throws(ImageError) in try layers.delete(unused) }
    }
    return documents.map { "blob \($0)" } + unused.map { "layer \($0.diffID)" }
  }

  /// The key of `changes`.
  static let names = "the names of images"

  /// A transaction of image records.
  func write(_ what: String, _ body: @escaping @Sendable (Transaction) throws -> Void) async throws(ImageError) {
    do { try await store.write(body) } catch { throw ImageError(.inputOutput, what, cause: error) }
    store.copySoon()
  }
}
