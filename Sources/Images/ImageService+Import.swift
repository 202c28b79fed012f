import Glibc
import LinuxSystem
import OCISpec
import Store

extension ImageService {
  /// Imports every image of an OCI layout directory, an OCI archive or a docker archive (plain, gzip, zstd, xz, bzip2). An image comes in
  /// whole or not at all. Cancelling the task ends it at once. Imports run side by side; none holds up anything else.
  public func importArchive(
    path: String, pin: Bool, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
  ) async throws(ImageError) -> [StoredImage] {
    let cancellation = ImportCancellation()
    let result: Result<[StoredImage], ImageError> = await withTaskCancellationHandler {
      do throws(ImageError) {
        return .success(try await importNow(path, pin, cancellation, progress))
      } catch {
        return .failure(error)
      }
    } onCancel: {
      cancellation.cancel()
    }
    // Layers that came in before a failure belong to no image.
    if case .failure = result { _ = try? await Task { try await collectGarbage(dryRun: false) }.value }
    return try result.get()
  }

  private func importNow(
    _ path: String, _ pin: Bool, _ cancellation: ImportCancellation, _ progress: @escaping @Sendable (ImportProgress) -> Void
  ) async throws(ImageError) -> [StoredImage] {
    let ingest = "\(content.ingest)/\(UInt64.random(in: 0...UInt64.max))"
    let result: Result<[StoredImage], ImageError>
    do throws(ImageError) {
      let images = try await runBlocking(.images) { [self] () throws(ImageError) in
        try open(path, ingest: ingest, cancellation, progress)
      }
      var stored: [StoredImage] = []
      for image in images { stored.append(try await store(image, pin: pin, cancellation, progress)) }
      result = .success(stored)
    } catch {
      result = .failure(error)
    }
    await runBlocking { try? removeTree(ingest) }
    return try result.get()
  }

  // MARK: Reading

  /// What images an archive has. Blocks.
  private func open(
    _ path: String, ingest: String, _ cancellation: ImportCancellation, _ progress: @escaping (ImportProgress) -> Void
  ) throws(ImageError) -> [ArchivedImage] {
    try cancellation.check()
    var file = try ImageFile.open(path, followLinks: true)
    let status = try ImageFile.status(file, path)
    if status.st_mode & S_IFMT == S_IFDIR {
      return try ImageArchive(name: path, contents: ArchiveContents(directory: path), cancellation: cancellation).images()
    }
    var size = Int64(status.st_size)
    let archive = ArchivedFile(partOf: file, offset: 0, size: size)
    if try Unpacker.isCompressed(archive, path) {
      try FreeSpace(directory: content.ingest).require(UInt64(size), for: path)
      try files("cannot make \(ingest)") { try makePrivateDirectory(ingest) }
      let total = UInt64(size)
      try unpacker.decompress(archive, name: path, to: "\(ingest)/archive.tar", cancellation: cancellation) { done in
        progress(ImportProgress(stage: "reading", bytesDone: UInt64(done), bytesTotal: total, layer: ""))
      }
      file = try ImageFile.open("\(ingest)/archive.tar", followLinks: false)
      size = Int64(try ImageFile.status(file, path).st_size)
    }
    let contents = try ArchiveContents(tar: file, size: size, name: path, program: unpacker.program, cancellation: cancellation)
    return try ImageArchive(name: path, contents: contents, cancellation: cancellation).images()
  }

  // MARK: Storing

  /// Layers first, on the disk for good, then documents and record: an image that is listed can run, also after a power loss.
  private func store(
    _ image: ArchivedImage, pin: Bool, _ cancellation: ImportCancellation, _ progress: @escaping @Sendable (ImportProgress) -> Void
  ) async throws(ImageError) -> StoredImage {
    let total = UInt64(clamping: image.layers.reduce(0) { Self.sum($0, $1.file.size) })
    try await checkSpace(for: image)
    var kept: [(layer: Layer, lease: LayerLease)] = []
    var done: UInt64 = 0
    for layer in image.layers {
      let before = done
      let report: @Sendable (Int64) -> Void = { bytes in
        // The layer's own share is in compressed bytes, what was unpacked is not: an estimate that never goes back.
        let share = min(UInt64(clamping: layer.file.size), UInt64(clamping: bytes))
        progress(ImportProgress(stage: "unpacking", bytesDone: min(total, before + share), bytesTotal: total, layer: layer.diffID))
      }
      report(0)
      kept.append(try await layers.obtain(layer, cancellation: cancellation, progress: report))
      done = UInt64(clamping: Self.sum(Int64(clamping: done), layer.file.size))
    }
    return try await commit(image, kept, pin: pin, cancellation)
  }

  /// Puts an image whose layers are here on the disk for good, and names it.
  /// - Parameter kept: every layer, base first.
  func commit(
    _ image: ArchivedImage, _ kept: [(layer: Layer, lease: LayerLease)], pin: Bool, _ cancellation: ImportCancellation
  ) async throws(ImageError) -> StoredImage {
    if kept.contains(where: { !$0.layer.isDurable }) {
      try await runBlocking(.images) { [layers] () throws(ImageError) in try layers.flush() }
    }
    let size = kept.reduce(0) { Self.sum($0, $1.layer.bytes) }
    let stored = try await changes.pass(Self.names) { () async throws(ImageError) in
      try await runBlocking { [layers, content] () throws(ImageError) in
        try cancellation.check()
        try layers.settle(image.config.rootfs.diffIDs)
        try content.write(image.documents)
      }
      return try await name(image, size: size, pin: pin)
    }
    withExtendedLifetime(kept) {}
    return stored
  }

  /// Sizes are a stranger's word: 500 sparse files of an exabyte are no reason to end.
  static func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// What is missing must at least fit as it lies in the archive, before anything is unpacked.
  private func checkSpace(for image: ArchivedImage) async throws(ImageError) {
    let missing = image.layers.reduce(Int64(0)) { Self.sum($0, catalog.hasLayer($1.diffID) ? 0 : $1.file.size) }
    if missing == 0 { return }
    let (directory, what) = (layers.directory, image.tags.first.map { "image \($0)" } ?? "image \(image.id)")
    try await runBlocking { () throws(ImageError) in
      try FreeSpace(directory: directory).require(UInt64(clamping: missing), for: what)
    }
  }

  /// Writes the record and moves the tags: an image that loses its last tag stays, by digest. The caller holds `changes`.
  private func name(_ image: ArchivedImage, size: Int64, pin: Bool) async throws(ImageError) -> StoredImage {
    let tags = image.tags.filter { $0.tag != nil }.map { "\($0.repository):\($0.tag ?? "latest")" }
    let digests = image.manifestDigest.map { digest in image.tags.map { "\($0.repository)@\(digest)" } } ?? []
    let old = catalog.image(id: image.id)
    var stored =
      old
      ?? StoredImage(
        id: image.id, repoTags: [], repoDigests: [], diffIDs: image.config.rootfs.diffIDs, blobs: [], size: max(1, size),
        pinned: pin,
        user: image.config.config?.user ?? "")
    stored.repoTags = unique(stored.repoTags + tags)
    stored.repoDigests = unique(stored.repoDigests + digests)
    stored.blobs = unique(stored.blobs + image.documents.map(\.digest))
    stored.pinned = stored.pinned || pin
    var changed: [StoredImage] = []
    for var other in catalog.all() where other.id != image.id && other.repoTags.contains(where: tags.contains) {
      other.repoTags.removeAll(where: tags.contains)
      changed.append(other)
    }
    changed.append(stored)
    let (records, rows) = (records, changed)
    try await write("cannot record image \(image.id)") { transaction in
      for row in rows { try records.put(id: row.id, bytes: row.record, in: transaction) }
    }
    catalog.put(rows)
    return stored
  }

  private func unique(_ texts: [String]) -> [String] { Array(Set(texts)).sorted() }
}
