import Foundation
import Glibc
import LinuxSystem

/// Blobs by digest: `<root>/content/blobs/sha256/<hex>`. A blob is there whole or not at all: data, fsync, rename, fsync of the directory.
struct ContentStore: Sendable {
  let directory: String
  /// Where archives are taken apart; emptied at start.
  let ingest: String

  init(root: String) throws(ImageError) {
    let (blobs, temporary) = ("\(root)/content/blobs/sha256", "\(root)/content/ingest")
    directory = blobs
    ingest = temporary
    try files("cannot prepare \(root)/content") {
      try makeDirectory(blobs, mode: 0o755)
      try removeTree(temporary)
      try makeDirectory(temporary, mode: 0o700)
    }
  }

  func path(_ digest: String) -> String { "\(directory)/\(digest.dropFirst("sha256:".count))" }

  func contains(_ digest: String) -> Bool { unsafe access(path(digest), R_OK) == 0 }

  /// Moves a complete temporary file of the ingest directory in under its digest.
  func commit(_ temporary: String, digest: String) throws(ImageError) {
    try files("cannot store blob \(digest)") {
      if contains(digest) {
        try removeTree(temporary)
        return
      }
      try syncFile(temporary)
      _ = try systemCall("rename", on: temporary) { unsafe rename(temporary, path(digest)) }
      try syncFile(directory)
    }
  }

  func write(_ bytes: [UInt8], digest: String) throws(ImageError) {
    let temporary = "\(ingest)/\(digest.dropFirst(7)).tmp"
    try files("cannot write blob \(digest)") { try Data(bytes).write(to: URL(fileURLWithPath: temporary)) }
    try commit(temporary, digest: digest)
  }

  /// A small document; at most 8 MiB.
  func read(_ digest: String) throws(ImageError) -> [UInt8] {
    let path = path(digest)
    return try files("cannot read blob \(digest)") { Array(try readFile(path, limit: 8 << 20).utf8) }
  }

  func remove(_ digest: String) throws(ImageError) {
    let path = path(digest)
    try files("cannot remove blob \(digest)") { try removeTree(path) }
  }

  /// Digests of every blob on disk.
  func all() throws(ImageError) -> [String] {
    let directory = directory
    return try files("cannot list \(directory)") { try listDirectory(directory) }.map { "sha256:" + $0 }
  }
}

/// fsync(2) of a file or directory by path.
func syncFile(_ path: String) throws(SystemCallError) {
  let file = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) })
  _ = try file.withRaw { raw throws(SystemCallError) in try systemCall("fsync", on: path) { fsync(raw) } }
}
