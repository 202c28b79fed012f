import Glibc
import LinuxSystem
import Store

/// What a look at the preload directory did.
public struct PreloadReport: Sendable {
  /// Names of images that came in.
  public var imported: [String] = []
  /// Archives that were not imported, as sentences.
  public var failures: [String] = []
}

extension ImageService {
  /// Imports every archive (`.tar`, `.tar.gz`, `.tgz`, `.tar.zst`, OCI layout sub-directories) of a directory and pins its images while the
  /// file is there. Files that did not change since are skipped. A missing directory is an empty one.
  public func preload(directory: String) async throws(ImageError) -> PreloadReport {
    var report = PreloadReport()
    let (found, unreadable) = try await runBlocking(.foreign) { () throws(ImageError) in
      var (found, unreadable): ([PreloadedArchive], [SystemCallError]) = ([], [])
      for name in try files("cannot list \(directory)", { try listDirectory(directory) }).sorted() {
        do throws(SystemCallError) {
          if let archive = try Self.archive(name, in: directory) { found.append(archive) }
        } catch {
          unreadable.append(error)
        }
      }
      return (found, unreadable)
    }
    let before = try await preloaded()
    var known = Dictionary(before.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    // What cannot be looked at is not gone.
    for error in unreadable {
      known[error.subject] = nil
      report.failures.append("\(error)")
    }
    let preloads = preloads
    for var archive in found {
      if let old = known.removeValue(forKey: archive.path), old.isSame(as: archive),
        old.imageIDs.allSatisfy(catalog.isWhole(image:))
      {
        continue
      }
      do {
        let images = try await importArchive(path: archive.path, pin: true)
        archive.imageIDs = images.map(\.id)
        let done = archive
        try await write("cannot record \(done.path)") { try preloads.put(id: done.path, bytes: done.record, in: $0) }
        report.imported += images.map { $0.repoTags.first ?? $0.id }
      } catch {
        report.failures.append("\(error)")
      }
    }
    // What is left was preloaded from a file that is gone.
    let gone = Array(known.keys)
    if !gone.isEmpty {
      try await write("cannot forget archives that are gone") { for path in gone { try preloads.remove(path, in: $0) } }
    }
    // Images that no file stands for any more are ordinary ones now.
    let kept = Set(try await preloaded().flatMap(\.imageIDs))
    for id in Set(before.flatMap(\.imageIDs)).subtracting(kept) { try await unpin(id) }
    return report
  }

  private func preloaded() async throws(ImageError) -> [PreloadedArchive] {
    let preloads = preloads
    do {
      // A record that cannot be read is a file that is imported again.
      return try await store.read { try preloads.all(in: $0) }.compactMap { PreloadedArchive(record: $0.bytes) }
    } catch {
      throw ImageError(.inputOutput, "cannot read the records of preloaded archives", cause: error)
    }
  }

  private func unpin(_ id: String) async throws(ImageError) {
    try await changes.pass(Self.names) { () async throws(ImageError) in
      guard var image = catalog.image(id: id) else { return }
      image.pinned = false
      let (records, changed) = (records, image)
      try await write("cannot unpin \(id)") { try records.put(id: id, bytes: changed.record, in: $0) }
      catalog.put([changed])
    }
  }

  /// nil: no archive, or gone since the directory was listed.
  private static func archive(_ name: String, in directory: String) throws(SystemCallError) -> PreloadedArchive? {
    let path = "\(directory)/\(name)"
    if [".tar", ".tar.gz", ".tgz", ".tar.zst"].contains(where: name.hasSuffix) {
      if name.hasPrefix(".") { return nil }
    } else if unsafe access("\(path)/oci-layout", F_OK) != 0 {
      let code = errno
      if code == ENOENT || code == ENOTDIR { return nil }
      throw SystemCallError(call: "access", subject: path, code: code)
    }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      let code = errno
      if code == ENOENT { return nil }
      throw SystemCallError(call: "stat", subject: path, code: code)
    }
    return PreloadedArchive(
      path: path, size: Int64(status.st_size),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
      inode: Int64(bitPattern: UInt64(status.st_ino)))
  }
}
