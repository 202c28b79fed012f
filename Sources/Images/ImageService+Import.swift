import Foundation
import Glibc
import LinuxSystem
import OCISpec
import Store
import Synchronization

/// What a look at the preload directory did.
public struct PreloadReport: Sendable {
  /// Names of images that came in.
  public var imported: [String] = []
  /// Archives that were not imported, as sentences.
  public var failures: [String] = []
}

extension ImageService {
  /// Imports every image of an OCI layout directory, an OCI archive or a docker archive (plain, gzip, zstd). Nothing changes when it
  /// fails. Blocking work runs on a thread of its own.
  public func importArchive(
    path: String, pin: Bool, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
  ) async throws(ImageError) -> [Image] {
    let cancelled = Flag()
    let result: Result<[Image], ImageError> = await withTaskCancellationHandler {
      await runBlocking { [self] in
        Result { () throws(ImageError) in
          try changing.withLock { _ throws(ImageError) in
            do throws(ImageError) {
              return try importNow(path: path, pin: pin) {
                progress($0)
              } isCancelled: {
                cancelled.value.withLock { $0 }
              }
            } catch {
              // Layers and blobs that came in before the failure belong to no image.
              _ = try? collect(dryRun: false)
              throw error
            }
          }
        }
      }
    } onCancel: {
      cancelled.value.withLock { $0 = true }
    }
    return try result.get()
  }

  /// Set from another task while the import runs on its thread.
  private final class Flag: Sendable { let value = Mutex(false) }

  private func importNow(
    path: String, pin: Bool, progress: @escaping (ImportProgress) -> Void, isCancelled: () -> Bool
  ) throws(ImageError) -> [Image] {
    let ingest = "\(content.ingest)/\(UInt64.random(in: 0...UInt64.max))"
    try files("cannot make \(ingest)") { try makeDirectory(ingest, mode: 0o700) }
    defer { try? removeTree(ingest) }
    let kind = try files("cannot read \(path)") { try FileKind.of(path) }
    var done: UInt64 = 0
    let total = UInt64(clamping: Self.size(path) ?? 0)
    func count(_ bytes: Int64) throws {
      if isCancelled() { throw ImageError(.cancelled, "import of \(path) was cancelled") }
      done += UInt64(bytes)
      progress(ImportProgress(stage: "reading", bytesDone: done, bytesTotal: total, layer: ""))
    }
    let contents =
      if case .directory = kind { try ArchiveContents.directory(path, progress: count) } else {
        try ArchiveContents.tar(path, ingest: ingest, progress: count)
      }
    var stored: [Image] = []
    for image in try ImageArchive(name: path, contents: contents).images() {
      stored.append(Image(try store(image, pin: pin, progress: progress)))
    }
    return stored
  }

  private static func size(_ path: String) -> Int64? {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
  }

  /// Layers first, then blobs, then the record: an image that is listed can run.
  private func store(
    _ image: ArchivedImage, pin: Bool, progress: @escaping (ImportProgress) -> Void
  ) throws(ImageError) -> ImageRecord {
    var size: Int64 = 0
    let total = UInt64(image.layers.reduce(0) { $0 + $1.size })
    var done: UInt64 = 0
    for (file, diffID) in zip(image.layers, image.config.rootfs.diffIDs) {
      guard Digest.isValid(diffID) else { throw ImageError(.invalidArchive, "diff id '\(diffID)' is not a sha256 digest") }
      let record = try layers.unpack(blob: file.path, diffID: diffID) { _ in
        progress(ImportProgress(stage: "unpacking", bytesDone: done, bytesTotal: total, layer: diffID))
      }
      done += UInt64(file.size)
      size += record.bytes
    }
    for blob in image.blobs {
      if content.contains(blob.digest) { continue }
      if blob.isTemporary {
        try content.commit(blob.path, digest: blob.digest)
      } else {
        let copy = "\(content.ingest)/\(blob.digest.dropFirst(7)).copy"
        try files("cannot copy \(blob.path)") {
          try removeTree(copy)  // of an import that failed
          try FileManager.default.copyItem(atPath: blob.path, toPath: copy)
        }
        try content.commit(copy, digest: blob.digest)
      }
    }
    return try name(image, size: size, pin: pin)
  }

  /// Writes the record and moves the tags: an image that loses its last tag stays, by digest.
  private func name(_ image: ArchivedImage, size: Int64, pin: Bool) throws(ImageError) -> ImageRecord {
    let tags = image.tags.filter { $0.tag != nil }.map { "\($0.repository):\($0.tag ?? "latest")" }
    let digests = image.manifestDigest.map { digest in image.tags.map { "\($0.repository)@\(digest)" } } ?? []
    let images = try all()
    let old = images.first { $0.id == image.id }
    let record = ImageRecord(
      id: image.id, repoTags: unique((old?.repoTags ?? []) + tags), repoDigests: unique((old?.repoDigests ?? []) + digests),
      diffIDs: image.config.rootfs.diffIDs, blobs: unique((old?.blobs ?? []) + image.blobs.map(\.digest)), size: max(1, size),
      pinned: pin || old?.pinned ?? false, user: image.config.config?.user ?? "")
    let (store, records) = (store, records)
    try files("cannot record image \(image.id)") {
      try store.transaction { transaction in
        for var other in images where other.id != image.id && other.repoTags.contains(where: tags.contains) {
          other.repoTags.removeAll(where: tags.contains)
          try records.put(other, id: other.id, in: transaction)
        }
        try records.put(record, id: record.id, in: transaction)
      }
    }
    return record
  }

  private func unique(_ texts: [String]) -> [String] { Array(Set(texts)).sorted() }

  // MARK: Preload

  /// Imports every archive (`.tar`, `.tar.gz`, `.tgz`, `.tar.zst`, OCI layout sub-directories) of a directory and pins its images while the
  /// file is there. Files that did not change since are skipped. A missing directory is an empty one.
  public func preload(directory: String) async throws(ImageError) -> PreloadReport {
    var report = PreloadReport()
    let names = try await runBlocking { () throws(ImageError) in
      try files("cannot list \(directory)") { try listDirectory(directory) }
    }
    let preloads = preloads
    let before = try files("cannot read preload records", { try preloads.all() })
    var known = Dictionary(before.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for name in names.sorted() where Self.isArchive(name, in: directory) {
      let path = "\(directory)/\(name)"
      guard var now = Self.facts(path) else { continue }
      if let record = known.removeValue(forKey: path), record.size == now.size, record.modified == now.modified,
        record.inode == now.inode, record.imageIDs.allSatisfy({ id in (try? find(id)) != nil })
      {
        continue
      }
      do {
        let images = try await importArchive(path: path, pin: true)
        now.imageIDs = images.map(\.id)
        try files("cannot record \(path)") { try preloads.put(now, id: path) }
        report.imported += images.map { $0.repoTags.first ?? $0.id }
      } catch {
        report.failures.append("\(error)")
      }
    }
    // What is left was preloaded from a file that is gone.
    for path in known.keys { try files("cannot forget \(path)") { try preloads.remove(path) } }
    // Images that no file stands for any more are ordinary ones now.
    let kept = Set(try files("cannot read preload records", { try preloads.all() }).flatMap(\.imageIDs))
    for id in Set(before.flatMap(\.imageIDs)).subtracting(kept) {
      guard var image = try find(id) else { continue }
      image.pinned = false
      let (records, changed) = (records, image)
      try files("cannot unpin \(id)") { try records.put(changed, id: id) }
    }
    return report
  }

  private static func isArchive(_ name: String, in directory: String) -> Bool {
    if [".tar", ".tar.gz", ".tgz", ".tar.zst"].contains(where: name.hasSuffix) { return !name.hasPrefix(".") }
    return unsafe access("\(directory)/\(name)/oci-layout", F_OK) == 0
  }

  private static func facts(_ path: String) -> PreloadRecord? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return PreloadRecord(
      path: path, size: Int64(status.st_size),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
      inode: UInt64(status.st_ino), imageIDs: [])
  }
}
