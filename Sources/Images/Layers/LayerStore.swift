import Foundation
import Glibc
import LinuxSystem
import Store
import Synchronization

/// An unpacked layer: `<root>/layers/<number>/diff`. Short numbers, because overlayfs options of old kernels must fit one page.
struct LayerRecord: Codable, Sendable {
  /// Digest of the uncompressed tar.
  var diffID: String
  var number: Int
  var bytes: Int64
  var inodes: Int64
}

/// Unpacked layers by diff id. A layer is visible only when all of it is on disk: syncfs, rename, fsync of the directory, record.
final class LayerStore: Sendable {
  let directory: String
  private let records: Collection<LayerRecord>
  private let next: Mutex<Int>
  private let limits: LayerExtractor.Limits

  init(root: String, store: Store, limits: LayerExtractor.Limits = .init()) throws(ImageError) {
    let folder = "\(root)/layers"
    directory = folder
    self.limits = limits
    let records = Collection<LayerRecord>("layer", in: store)
    self.records = records
    let highest = try files("cannot prepare \(folder)") {
      try makeDirectory(folder, mode: 0o711)
      // A directory without a record was cut off by a crash or a power loss between rename and commit: unpacked again when needed.
      let known = Set(try records.all().map { "\($0.number)" })
      var highest = 0
      for name in try listDirectory(folder) {
        if known.contains(name) { highest = max(highest, Int(name) ?? 0) } else { try removeTree("\(folder)/\(name)") }
      }
      return highest
    }
    next = Mutex(highest + 1)
  }

  func record(_ diffID: String) throws(ImageError) -> LayerRecord? {
    let records = records
    guard let record = try files("cannot look up layer \(diffID)", { try records.get(diffID) }) else { return nil }
    return unsafe access(path(record), F_OK) == 0 ? record : nil
  }

  func relativePath(_ record: LayerRecord) -> String { "\(record.number)/diff" }
  func path(_ record: LayerRecord) -> String { "\(directory)/\(record.number)/diff" }

  /// Unpacks a layer blob unless it is there already. The uncompressed bytes must have the digest `diffID`.
  func unpack(blob: String, diffID: String, progress: @escaping (Int64) -> Void) throws(ImageError) -> LayerRecord {
    if let known = try record(diffID) { return known }
    let number = next.withLock { next in
      defer { next += 1 }
      return next
    }
    let temporary = "\(directory)/\(number).tmp"
    do {
      return try unpack(blob: blob, diffID: diffID, number: number, temporary: temporary, progress: progress)
    } catch {
      try? removeTree(temporary)
      throw error
    }
  }

  private func unpack(
    blob: String, diffID: String, number: Int, temporary: String, progress: @escaping (Int64) -> Void
  ) throws(ImageError) -> LayerRecord {
    let (folder, records) = (directory, records)
    let name = "layer \(diffID)"
    let target = try files("cannot make \(temporary)") {
      try removeTree(temporary)
      try makeDirectory("\(temporary)/diff", mode: 0o755)
      return try LayerDirectory("\(temporary)/diff")
    }
    let stream = try LayerStream(blob: blob, name: name, progress: progress)
    var extractor = LayerExtractor(name: name, directory: target, limits: limits)
    try extractor.extract(try ArchiveReader.tar(from: stream))
    let actual = try stream.finish()
    guard actual == diffID else {
      throw ImageError(
        .digestMismatch, "\(name): the unpacked bytes have digest \(actual): the archive's config does not fit its layers")
    }
    let record = LayerRecord(diffID: diffID, number: number, bytes: extractor.bytes, inodes: extractor.inodes)
    try files("cannot finish \(name)") {
      try target.sync(temporary)
      let final = "\(folder)/\(number)"
      _ = try systemCall("rename", on: temporary) { unsafe rename(temporary, final) }
      try syncFile(folder)
      try records.put(record, id: diffID)
    }
    return record
  }

  func all() throws(ImageError) -> [LayerRecord] {
    let records = records
    return try files("cannot list layers") { try records.all() }
  }

  /// The record first: a directory without one is garbage that the next start removes.
  func remove(_ record: LayerRecord) throws(ImageError) {
    let (folder, records) = (directory, records)
    try files("cannot remove layer \(record.diffID)") {
      try records.remove(record.diffID)
      try removeTree("\(folder)/\(record.number)")
    }
  }
}
