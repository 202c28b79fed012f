import Foundation
import OCISpec

/// One image found in an archive, with everything needed to store it.
struct ArchivedImage {
  let id: String
  let config: ImageConfig
  /// The manifest's digest; nil for docker archives, which have none.
  let manifestDigest: String?
  let tags: [ImageReference]
  /// Base layer first, as long as the config's diff ids.
  let layers: [ArchiveContents.File]
  /// Every blob to keep: manifest, config, layers.
  let blobs: [ArchiveContents.File]
}

/// Finds the images of an archive: an OCI layout (`index.json`) or a docker archive (`manifest.json`).
/// Source: image-spec image-layout.md; docker `image save` format 1.2.
struct ImageArchive {
  let name: String
  let contents: ArchiveContents

  func images() throws(ImageError) -> [ArchivedImage] {
    if let bytes = try contents.document("index.json", in: name), contents.file("oci-layout") != nil {
      return try ociImages(try decode(ImageIndex.self, bytes, "index.json"))
    }
    if let bytes = try contents.document("manifest.json", in: name) {
      return try dockerImages(try decode([DockerManifest].self, bytes, "manifest.json"))
    }
    throw ImageError(
      .invalidArchive,
      "\(name) is no image archive: it has neither oci-layout and index.json (OCI) nor manifest.json (docker save)")
  }

  // MARK: OCI

  private func ociImages(_ index: ImageIndex) throws(ImageError) -> [ArchivedImage] {
    var images: [ArchivedImage] = []
    var skipped: [String] = []
    for descriptor in index.manifests {
      guard let manifest = try manifest(descriptor, depth: 0, skipped: &skipped) else { continue }
      let found = try ociImage(manifest, tags: try tags(descriptor))
      // The same image under several names is one image.
      if let known = images.firstIndex(where: { $0.id == found.id }) {
        let old = images[known]
        images[known] = ArchivedImage(
          id: old.id, config: old.config, manifestDigest: old.manifestDigest, tags: old.tags + found.tags, layers: old.layers,
          blobs: old.blobs)
      } else {
        images.append(found)
      }
    }
    if images.isEmpty {
      throw skipped.isEmpty
        ? ImageError(.invalidArchive, "\(name): index.json names no image")
        : ImageError(
          .wrongPlatform, "\(name) has no image for \(Platform.current): it has \(skipped.joined(separator: ", "))")
    }
    return images
  }

  /// The manifest a descriptor leads to on this platform; nil when it is for another one.
  private func manifest(_ descriptor: Descriptor, depth: Int, skipped: inout [String]) throws(ImageError) -> Descriptor? {
    guard depth < 4 else { throw ImageError(.invalidArchive, "\(name): indexes are nested deeper than 4") }
    if descriptor.mediaType.isIndex {
      let index = try decode(ImageIndex.self, try blobBytes(descriptor), descriptor.digest)
      for child in index.manifests {
        if let found = try manifest(child, depth: depth + 1, skipped: &skipped) { return found }
      }
      return nil
    }
    guard descriptor.mediaType.isManifest else { return nil }
    if let platform = descriptor.platform, !platform.runs(on: .current) {
      skipped.append("\(platform)")
      return nil
    }
    return descriptor
  }

  private func ociImage(_ descriptor: Descriptor, tags: [ImageReference]) throws(ImageError) -> ArchivedImage {
    let manifest = try decode(ImageManifest.self, try blobBytes(descriptor), descriptor.digest)
    let config = try decode(ImageConfig.self, try blobBytes(manifest.config), manifest.config.digest)
    guard config.platform.runs(on: .current) else {
      throw ImageError(.wrongPlatform, "\(name): image is for \(config.platform), this machine is \(Platform.current)")
    }
    var layers: [ArchiveContents.File] = []
    for layer in manifest.layers {
      guard layer.mediaType.isLayer else {
        throw ImageError(
          .invalidArchive, "\(name): layer \(layer.digest) has media type \(layer.mediaType), which is no file system layer")
      }
      layers.append(try blob(layer))
    }
    try checkCount(layers.count, config)
    return ArchivedImage(
      id: manifest.config.digest, config: config, manifestDigest: descriptor.digest, tags: tags, layers: layers,
      blobs: [try blob(descriptor), try blob(manifest.config)] + layers)
  }

  /// Names from annotations: containerd's full name, else the layout's reference name when it is one.
  private func tags(_ descriptor: Descriptor) throws(ImageError) -> [ImageReference] {
    let annotations = descriptor.annotations ?? [:]
    guard let text = annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"] else { return [] }
    // A bare tag ("latest") names nothing by itself.
    guard text.contains("/") || text.contains(":") else { return [] }
    return [try ImageReference(text)]
  }

  private func blob(_ descriptor: Descriptor) throws(ImageError) -> ArchiveContents.File {
    guard Digest.isValid(descriptor.digest) else {
      throw ImageError(.invalidArchive, "\(name): '\(descriptor.digest)' is not a sha256 digest")
    }
    let path = "blobs/sha256/\(descriptor.digest.dropFirst(7))"
    guard let file = contents.file(path) else {
      throw ImageError(.invalidArchive, "\(name): blob \(descriptor.digest) is missing (expected at \(path))")
    }
    guard file.digest == descriptor.digest else {
      throw ImageError(.digestMismatch, "\(name): \(path) has digest \(file.digest): it was damaged or changed")
    }
    guard file.size == descriptor.size else {
      throw ImageError(.digestMismatch, "\(name): \(path) has \(file.size) bytes, its descriptor says \(descriptor.size)")
    }
    return file
  }

  private func blobBytes(_ descriptor: Descriptor) throws(ImageError) -> [UInt8] {
    _ = try blob(descriptor)
    return try contents.document("blobs/sha256/\(descriptor.digest.dropFirst(7))", in: name) ?? []
  }

  // MARK: Docker

  private struct DockerManifest: Decodable {
    let config: String
    let repoTags: [String]?
    let layers: [String]
    enum CodingKeys: String, CodingKey {
      case config = "Config"
      case repoTags = "RepoTags"
      case layers = "Layers"
    }
  }

  private func dockerImages(_ manifests: [DockerManifest]) throws(ImageError) -> [ArchivedImage] {
    guard !manifests.isEmpty else { throw ImageError(.invalidArchive, "\(name): manifest.json names no image") }
    var images: [ArchivedImage] = []
    for manifest in manifests {
      guard let file = contents.file(manifest.config), let bytes = try contents.document(manifest.config, in: name) else {
        throw ImageError(.invalidArchive, "\(name): config \(manifest.config) is missing")
      }
      let config = try decode(ImageConfig.self, bytes, manifest.config)
      guard config.platform.runs(on: .current) else {
        throw ImageError(.wrongPlatform, "\(name): image is for \(config.platform), this machine is \(Platform.current)")
      }
      var layers: [ArchiveContents.File] = []
      for layer in manifest.layers {
        guard let file = contents.file(layer) else { throw ImageError(.invalidArchive, "\(name): layer \(layer) is missing") }
        layers.append(file)
      }
      try checkCount(layers.count, config)
      var tags: [ImageReference] = []
      for tag in manifest.repoTags ?? [] { tags.append(try ImageReference(tag)) }
      images.append(
        ArchivedImage(id: file.digest, config: config, manifestDigest: nil, tags: tags, layers: layers, blobs: [file] + layers))
    }
    return images
  }

  // MARK: Common

  private func checkCount(_ count: Int, _ config: ImageConfig) throws(ImageError) {
    guard count == config.rootfs.diffIDs.count else {
      throw ImageError(
        .invalidArchive, "\(name): the manifest has \(count) layers, the config \(config.rootfs.diffIDs.count) diff ids")
    }
    guard count <= 500 else { throw ImageError(.tooLarge, "\(name): \(count) layers; overlayfs takes at most 500") }
  }

  private func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ what: String) throws(ImageError) -> T {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw ImageError(.invalidArchive, "\(name): \(what) is not what it should be", cause: error)
    }
  }
}
