import OCISpec

/// An image of this node, as it is kept and as a list shows it.
public struct StoredImage: Sendable, Equatable {
  /// `sha256:` and the hex digest of its config.
  public let id: String
  /// Normalised, with tag; sorted.
  public internal(set) var repoTags: [String]
  /// `repository@digest` of the manifest; sorted.
  public internal(set) var repoDigests: [String]
  /// Base layer first.
  let diffIDs: [String]
  /// The documents it keeps: config and manifests.
  var blobs: [String]
  /// Bytes of the files in its layers.
  public let size: Int64
  public internal(set) var pinned: Bool
  /// USER of the config, may be empty: name or number, with or without a group.
  public let user: String
  /// What a newer agent wrote and this one does not know.
  private var unknown: Properties

  init(
    id: String, repoTags: [String], repoDigests: [String], diffIDs: [String], blobs: [String], size: Int64, pinned: Bool,
    user: String
  ) {
    (self.id, self.repoTags, self.repoDigests) = (id, repoTags, repoDigests)
    (self.diffIDs, self.blobs, self.size, self.pinned, self.user) = (diffIDs, blobs, size, pinned, user)
    unknown = Properties()
  }

  // MARK: Record

  static let kind = "image"

  /// nil when the bytes are no record of an image.
  init?(record: [UInt8]) {
    guard let properties = Properties(String(decoding: record, as: UTF8.self), kind: Self.kind), let id = properties["id"],
      Digest.isValid(id), let size = properties.number("size")
    else { return nil }
    self.init(
      id: id, repoTags: properties.all("tag"), repoDigests: properties.all("digest"), diffIDs: properties.all("layer"),
      blobs: properties.all("blob"), size: size, pinned: properties["pinned"] == "true", user: properties["user"] ?? "")
    unknown = properties
  }

  var record: [UInt8] {
    var properties = unknown
    properties.set("id", id)
    properties.set("tag", repoTags)
    properties.set("digest", repoDigests)
    properties.set("layer", diffIDs)
    properties.set("blob", blobs)
    properties.set("size", size)
    properties.set("pinned", pinned)
    properties.set("user", user)
    return Array(properties.text(kind: Self.kind).utf8)
  }
}
