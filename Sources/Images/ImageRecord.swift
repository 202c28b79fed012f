public import OCISpec

/// What the store keeps of an image.
struct ImageRecord: Codable, Sendable {
  /// Digest of the config.
  var id: String
  /// Normalised, with tag.
  var repoTags: [String]
  /// `repository@digest` of the manifest.
  var repoDigests: [String]
  /// Base layer first.
  var diffIDs: [String]
  /// Every blob this image keeps.
  var blobs: [String]
  /// Bytes of the unpacked layers.
  var size: Int64
  var pinned: Bool
  /// USER of the config.
  var user: String
}

/// An archive of the preload directory that was imported, and what it was then.
struct PreloadRecord: Codable, Sendable {
  var path: String
  var size: Int64
  var modified: Int64
  var inode: UInt64
  var imageIDs: [String]
}

/// Whose writable layer stands on which image; keeps that image's layers.
struct SnapshotRecord: Codable, Sendable {
  var owner: String
  var imageID: String
  var diffIDs: [String]
}

/// An image as a list shows it.
public struct Image: Sendable, Equatable {
  /// `sha256:` and the hex digest of its config.
  public let id: String
  public let repoTags: [String]
  public let repoDigests: [String]
  /// Bytes.
  public let size: Int64
  public let pinned: Bool
  /// USER of the image, may be empty: name or number, with or without a group.
  public let user: String

  init(_ record: ImageRecord) {
    (id, repoTags, repoDigests) = (record.id, record.repoTags.sorted(), record.repoDigests.sorted())
    (size, pinned, user) = (record.size, record.pinned, record.user)
  }
}

/// An image ready to run.
public struct ResolvedImage: Sendable {
  public let id: String
  public let repoTags: [String]
  public let repoDigests: [String]
  public let config: ImageConfig
  /// Topmost first.
  public let layers: [LayerPath]
}

public struct LayerPath: Sendable, Equatable {
  /// Absolute.
  public let path: String
  /// Below `ImageService.layersDirectory`.
  public let relativePath: String
}

/// Directories of a writable layer.
public struct Snapshot: Sendable, Equatable {
  public let upper: String
  public let work: String
}

/// Bytes and inodes below a path.
public struct DiskUsage: Sendable, Equatable {
  public let path: String
  public let bytes: UInt64
  public let inodes: UInt64
}

/// How far an import is.
public struct ImportProgress: Sendable {
  /// `reading` or `unpacking`.
  public let stage: String
  public let bytesDone: UInt64
  public let bytesTotal: UInt64
  public let layer: String
}
