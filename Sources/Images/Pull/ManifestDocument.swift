import FoundationEssentials
import OCISpec

/// What a registry calls a manifest: one image, or an index of several. One document that can be read as both is refused, whatever it is
/// called: what one tool checks must not be something else for the next one (CVE-2021-41190).
enum ManifestDocument {
  case manifest(ImageManifest)
  case index(ImageIndex)

  /// What decides what a document is.
  private struct Outline: Decodable {
    struct Anything: Decodable { init(from decoder: any Decoder) throws {} }
    var schemaVersion: Int?
    var mediaType: String?
    var manifests: Anything?
    var config: Anything?
    var layers: Anything?
    var fsLayers: Anything?
  }

  /// - Parameters:
  ///   - declared: the media type it came as; one that says nothing ("application/json", "") does not count.
  ///   - name: of the image, for messages.
  init(_ bytes: [UInt8], digest: String, declared: String, of name: String) throws(ImageError) {
    let outline = try Self.decode(Outline.self, bytes, "\(name): \(digest)")
    guard outline.fsLayers == nil, outline.schemaVersion == 2 else {
      throw ImageError(
        .invalidArchive,
        "\(name): manifest \(digest) is of schema \(outline.schemaVersion ?? 0): only version 2 is understood; push the image again with a newer tool"
      )
    }
    guard outline.manifests == nil || outline.config == nil && outline.layers == nil else {
      throw ImageError(.invalidArchive, "\(name): manifest \(digest) is an index and an image at once")
    }
    let types = [declared, outline.mediaType ?? ""].map { MediaType($0) }.filter { $0.isIndex || $0.isManifest }
    guard Set(types).count <= 1 else {
      throw ImageError(.invalidArchive, "\(name): manifest \(digest) came as \(types[0]) and calls itself \(types[1])")
    }
    let isIndex = types.first?.isIndex ?? (outline.manifests != nil)
    if isIndex {
      self = .index(try Self.decode(ImageIndex.self, bytes, "\(name): index \(digest)"))
    } else {
      self = .manifest(try Self.decode(ImageManifest.self, bytes, "\(name): manifest \(digest)"))
    }
  }

  private static func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ what: String) throws(ImageError) -> T {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw ImageError(.invalidArchive, "\(what) is not what it should be", cause: error)
    }
  }
}
