import CLibArchive
import Glibc
public import UnpackProtocol

/// Lists the files of an uncompressed image archive (a tar of blobs) with the places of their bytes. Nothing is taken out of it.
public struct ArchiveIndex {
  let input: CInt
  static let maximumEntries: UInt64 = 100_000

  public init(input: CInt) { self.input = input }

  public func run(_ report: (UnpackMessage) -> Void) throws(UnpackError) -> UnpackMessage {
    let reader = try ArchiveReader.tar(input)
    var number: UInt64 = 0
    var bytes: UInt64 = 0
    while let entry = unsafe try reader.next() {
      number += 1
      guard number <= Self.maximumEntries else { throw UnpackError(.tooLarge, "more than \(Self.maximumEntries) entries") }
      // Directories say nothing, and the top one, which `tar .` puts first, has no name.
      if unsafe archive_entry_filetype(entry) == S_IFDIR { continue }
      guard let raw = unsafe archive_entry_pathname(entry), let name = Self.normal(unsafe String(cString: raw)) else {
        throw UnpackError(.invalidArchive, "an entry has no usable name ('..' or nothing)")
      }
      guard name.utf8.count < 4096 else { throw UnpackError(.invalidArchive, "an entry's name has \(name.utf8.count) bytes") }
      if let target = unsafe archive_entry_hardlink(entry) {
        if let target = Self.normal(unsafe String(cString: target)), target.utf8.count < 4096 {
          report(.link(name: name, target: target))
        }
        continue
      }
      switch unsafe archive_entry_filetype(entry) {
      case S_IFREG:
        let size = unsafe archive_entry_size(entry)
        guard size >= 0, unsafe archive_entry_sparse_count(entry) == 0 else {
          throw UnpackError(.invalidArchive, "'\(name)' has no plain contents (a sparse file?)")
        }
        bytes += UInt64(size)
        // The reader took the header and nothing else: what follows is the file.
        report(.file(name: name, offset: UInt64(clamping: unsafe archive_filter_bytes(reader.pointer, 0)), size: UInt64(size)))
      case S_IFLNK:
        guard let target = unsafe archive_entry_symlink(entry) else { continue }
        if let target = Self.resolve(unsafe String(cString: target), from: name), target.utf8.count < 4096 {
          report(.link(name: name, target: target))
        }
      default: continue  // has no place in an image archive
      }
    }
    return .done(entries: number, bytes: bytes)
  }

  /// Parts joined by one slash; nil when a part is `..` or nothing is left.
  static func normal(_ name: String) -> String? {
    let parts = name.split(separator: "/").filter { $0 != "." }
    if parts.isEmpty || parts.contains("..") { return nil }
    return parts.joined(separator: "/")
  }

  /// A link's target relative to the link's own directory.
  private static func resolve(_ target: String, from name: String) -> String? {
    var parts = target.hasPrefix("/") ? [] : name.split(separator: "/").dropLast().map(String.init)
    for part in target.split(separator: "/") where part != "." {
      if part == ".." {
        guard !parts.isEmpty else { return nil }
        parts.removeLast()
      } else {
        parts.append(String(part))
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: "/")
  }
}
