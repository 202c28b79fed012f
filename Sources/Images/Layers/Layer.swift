import OCISpec

/// An unpacked layer: `<root>/layers/<number>/diff`, described by `<root>/layers/<number>/layer`. Short numbers, because overlayfs options
/// of old kernels must fit one page. Until it is on the disk for good, its directory is `<number>.tmp`.
struct Layer: Sendable, Equatable {
  let number: Int
  /// Digest of the uncompressed tar.
  let diffID: String
  /// Of the files in it.
  let bytes: Int64
  /// Blocks on disk, bytes.
  let diskBytes: Int64
  let inodes: Int64
  var isDurable: Bool

  var directory: String { isDurable ? "\(number)" : "\(number).tmp" }
}

extension Layer {
  private static let kind = "layer"
  /// File name of the description.
  static let description = "layer"

  /// nil when the text describes no layer.
  init?(number: Int, description: String) {
    guard let properties = Properties(description, kind: Self.kind), let diffID = properties["diff-id"], Digest.isValid(diffID),
      let bytes = properties.number("bytes"), let disk = properties.number("disk-bytes"), let inodes = properties.number("inodes"),
      bytes >= 0, disk >= 0, inodes >= 0
    else { return nil }
    self.init(number: number, diffID: diffID, bytes: bytes, diskBytes: disk, inodes: inodes, isDurable: true)
  }

  var text: String {
    var properties = Properties()
    properties.set("diff-id", diffID)
    properties.set("bytes", bytes)
    properties.set("disk-bytes", diskBytes)
    properties.set("inodes", inodes)
    return properties.text(kind: Self.kind)
  }
}
