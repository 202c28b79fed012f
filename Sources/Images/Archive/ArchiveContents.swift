import CLibArchive
import Foundation
import Glibc
import LinuxSystem

/// The files of an image archive, whatever it was: a tar taken apart into the ingest directory, or an OCI layout directory. Names are keys
/// only; what they were in the archive never becomes a path on this host.
struct ArchiveContents {
  struct File {
    /// Where the bytes are. Ours to move when `isTemporary`.
    let path: String
    let digest: String
    let size: Int64
    let isTemporary: Bool
  }

  /// By normalised name: no leading `./`, no empty parts.
  private(set) var entries: [String: File] = [:]
  /// Symbolic and hard links of legacy docker archives: name -> name.
  private var links: [String: String] = [:]

  static let maximumEntries = 100_000
  static let maximumBytes: Int64 = 256 << 30

  /// Follows links inside the archive, a bounded number of times.
  func file(_ name: String) -> File? {
    var name = Self.normal(name)
    for _ in 0..<16 {
      if let file = name.flatMap({ entries[$0] }) { return file }
      guard let current = name, let target = links[current] else { return nil }
      name = target
    }
    return nil
  }

  /// The bytes of a document, at most 8 MiB.
  func document(_ name: String, in archive: String) throws(ImageError) -> [UInt8]? {
    guard let file = file(name) else { return nil }
    guard file.size <= 8 << 20 else {
      throw ImageError(.tooLarge, "\(archive): \(name) has \(file.size) bytes; a document has at most 8 MiB")
    }
    return try files("cannot read \(name) of \(archive)") { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path))) }
  }

  // MARK: Tar

  /// Writes every file of a tar into the ingest directory and hashes it on the way.
  static func tar(
    _ path: String, ingest: String, progress: (Int64) throws -> Void
  ) throws(ImageError) -> ArchiveContents {
    let reader = try ArchiveReader.tar(file: path)
    var contents = ArchiveContents()
    var total: Int64 = 0
    var number = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while let entry = unsafe try reader.next() {
      number += 1
      guard number <= maximumEntries else {
        throw ImageError(.tooLarge, "\(path): more than \(maximumEntries) entries")
      }
      guard let raw = unsafe archive_entry_pathname(entry), let name = normal(unsafe String(cString: raw)) else {
        throw ImageError(.invalidArchive, "\(path): an entry has no usable name ('..' or nothing)")
      }
      if let target = unsafe archive_entry_hardlink(entry) {
        contents.links[name] = normal(unsafe String(cString: target))
        continue
      }
      switch unsafe archive_entry_filetype(entry) {
      case S_IFREG:
        let file = unsafe try write(entryOf: reader, to: "\(ingest)/\(number)", buffer: unsafe buffer) { count in
          total += count
          guard total <= maximumBytes else { throw ImageError(.tooLarge, "\(path): more than \(maximumBytes >> 30) GiB unpacked") }
          try progress(count)
        }
        contents.entries[name] = file
      case S_IFLNK:
        guard let target = unsafe archive_entry_symlink(entry) else { continue }
        contents.links[name] = resolve(unsafe String(cString: target), from: name)
      default: continue  // directories say nothing; anything else has no place in an image archive
      }
    }
    return contents
  }

  private static func write(
    entryOf reader: ArchiveReader, to path: String, buffer: UnsafeMutableRawBufferPointer, count: (Int64) throws -> Void
  ) throws(ImageError) -> File {
    let digest = Digest()
    var size: Int64 = 0
    try files("cannot write \(path)") {
      let output = OwnedDescriptor(
        adopting: try systemCall("open", on: path) { unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) })
      while true {
        let length = unsafe try reader.read(buffer)
        if length == 0 { break }
        let chunk = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<length])
        unsafe digest.update(chunk)
        try output.withRaw { raw throws(SystemCallError) in unsafe try writeAll(raw, unsafe chunk, path) }
        size += Int64(length)
        try count(Int64(length))
      }
    }
    return File(path: path, digest: digest.finish(), size: size, isTemporary: true)
  }

  // MARK: Directory

  /// Reads an OCI layout directory: only the names the layout defines are looked at, without following links.
  static func directory(_ path: String, progress: (Int64) throws -> Void) throws(ImageError) -> ArchiveContents {
    var contents = ArchiveContents()
    var names = ["oci-layout", "index.json", "manifest.json"]
    names += try files("cannot list \(path)/blobs/sha256") { try listDirectory("\(path)/blobs/sha256") }.map {
      "blobs/sha256/\($0)"
    }
    for name in names {
      guard let file = try hash("\(path)/\(name)", progress) else { continue }
      contents.entries[name] = file
    }
    return contents
  }

  private static func hash(_ path: String, _ progress: (Int64) throws -> Void) throws(ImageError) -> File? {
    let raw = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if raw < 0 {
      let code = errno
      if code == ENOENT { return nil }
      throw ImageError(.inputOutput, "cannot open \(path)", cause: SystemCallError(call: "open", subject: path, code: code))
    }
    let input = OwnedDescriptor(adopting: raw)
    let digest = Digest()
    var size: Int64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    try files("cannot read \(path)") {
      while true {
        let count = try input.withRaw { raw throws(SystemCallError) in
          try systemCall("read", on: path) { unsafe read(raw, buffer.baseAddress, buffer.count) }
        }
        if count == 0 { break }
        unsafe digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        size += Int64(count)
        try progress(Int64(count))
      }
    }
    return File(path: path, digest: digest.finish(), size: size, isTemporary: false)
  }

  // MARK: Names

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

/// write(2) until everything is written.
func writeAll(_ raw: CInt, _ bytes: UnsafeRawBufferPointer, _ path: String) throws(SystemCallError) {
  var offset = 0
  while offset < bytes.count {
    offset += try systemCall("write", on: path) { unsafe write(raw, bytes.baseAddress! + offset, bytes.count - offset) }
  }
}
