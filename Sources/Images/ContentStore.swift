import Glibc
import LinuxSystem
import OCISpec

/// Documents by digest: `<root>/content/blobs/sha256/<hex>`. A blob is there whole or not at all: data, fsync, rename, fsync of the directory.
/// Layers are kept unpacked only.
struct ContentStore: Sendable {
  let directory: String
  /// Where compressed archives are decompressed; emptied at start.
  let ingest: String

  init(root: String) throws(ImageError) {
    let (content, blobs, temporary) = ("\(root)/content", "\(root)/content/blobs/sha256", "\(root)/content/ingest")
    directory = blobs
    ingest = temporary
    try files("cannot prepare \(content)") {
      try makePrivateDirectory(content)
      try makePrivateDirectory(blobs)
      try removeTree(temporary)
      try makePrivateDirectory(temporary)
    }
  }

  func path(_ digest: String) -> String { "\(directory)/\(digest.dropFirst("sha256:".count))" }

  /// Writes what is missing; on disk when it returns.
  func write(_ documents: [(digest: String, bytes: [UInt8])]) throws(ImageError) {
    for (digest, bytes) in documents where unsafe access(path(digest), F_OK) != 0 {
      let temporary = "\(ingest)/\(digest.dropFirst(7)).document"
      try files("cannot store blob \(digest)") {
        let file = OwnedDescriptor(
          adopting: try systemCall("open", on: temporary) {
            unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
          })
        try file.withRaw { raw in try unsafe bytes.withUnsafeBytes { unsafe try writeAll(raw, $0, temporary) } }
        try replaceFile(path(digest), with: temporary)
      }
    }
  }

  /// A document; at most 8 MiB.
  func read(_ digest: String) throws(ImageError) -> [UInt8] {
    let path = path(digest)
    return try files("cannot read blob \(digest)") { try readRegularFile(path, limit: 8 << 20) }
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

/// write(2) until everything is written.
func writeAll(_ raw: CInt, _ bytes: UnsafeRawBufferPointer, _ path: String) throws(SystemCallError) {
  var offset = 0
  while offset < bytes.count {
    offset += try systemCall("write", on: path) { unsafe write(raw, bytes.baseAddress! + offset, bytes.count - offset) }
  }
}
