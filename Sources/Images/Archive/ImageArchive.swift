import FoundationEssentials
import OCISpec

/// One image found in an archive, with everything needed to store it.
struct ArchivedImage {
  let id: String
  let config: ImageConfig
  /// The manifest's digest, or of the index it was found through in a registry; nil for docker archives, which have none.
  let manifestDigest: String?
  let tags: [ImageReference]
  /// Base layer first.
  let layers: [ArchivedLayer]
  /// Manifests and config by digest: what is kept beside the unpacked layers.
  let documents: [(digest: String, bytes: [UInt8])]
}

struct ArchivedLayer {
  let file: ArchivedFile
  /// Of the bytes as they lie in the archive; nil for docker archives, which do not say.
  let digest: String?
  /// Of the uncompressed tar, from the config.
  let diffID: String
}

/// Finds the images of an archive: an OCI layout (`index.json`) or a docker archive (`manifest.json`).
/// Source: image-spec image-layout.md; docker `image save` format 1.2.
struct ImageArchive {
  let name: String
  let contents: ArchiveContents
  let cancellation: ImportCancellation
  private let budget: DocumentBudget

  init(name: String, contents: ArchiveContents, cancellation: ImportCancellation, budget: DocumentBudget = DocumentBudget()) {
    (self.name, self.contents, self.cancellation, self.budget) = (name, contents, cancellation, budget)
  }

  func images() throws(ImageError) -> [ArchivedImage] {
    if let index = try contents.file("index.json"), try contents.file("oci-layout") != nil {
      return try ociImages(try decode(ImageIndex.self, try document(index, "index.json"), "index.json"))
    }
    if let manifests = try contents.file("manifest.json") {
      return try dockerImages(try decode([DockerArchiveManifest].self, try document(manifests, "manifest.json"), "manifest.json"))
    }
    throw ImageError(
      .invalidArchive,
      "\(name) is no image archive: it has neither oci-layout and index.json (OCI) nor manifest.json (docker save)")
  }

  // MARK: OCI

  private func ociImages(_ index: ImageIndex) throws(ImageError) -> [ArchivedImage] {
    var images: [ArchivedImage] = []
    var search = Search()
    for descriptor in index.manifests {
      guard let manifest = try manifest(descriptor, depth: 0, &search) else { continue }
      let found = try ociImage(manifest, tags: try tags(descriptor))
      // The same image under several names is one image.
      if let known = images.firstIndex(where: { $0.id == found.id }) {
        let old = images[known]
        images[known] = ArchivedImage(
          id: old.id, config: old.config, manifestDigest: old.manifestDigest, tags: old.tags + found.tags, layers: old.layers,
          documents: old.documents)
      } else {
        images.append(found)
      }
    }
    if images.isEmpty {
      throw search.skipped.isEmpty
        ? ImageError(.invalidArchive, "\(name): index.json names no image")
        : ImageError(
          .wrongPlatform, "\(name) has no image for \(Platform.current): it has \(search.skipped.joined(separator: ", "))")
    }
    return images
  }

  /// What a walk through indexes has seen.
  private struct Search {
    /// Index -> the manifest it leads to: an index that is named again is not read again.
    var indexes: [String: Descriptor?] = [:]
    /// Platforms that are not this machine's, some of them, for the message.
    var skipped: [String] = []
  }

  /// The manifest a descriptor leads to on this platform; nil when it is for another one.
  private func manifest(_ descriptor: Descriptor, depth: Int, _ search: inout Search) throws(ImageError) -> Descriptor? {
    guard depth < 4 else { throw ImageError(.invalidArchive, "\(name): indexes are nested deeper than 4") }
    try budget.countDescriptor(of: name)
    if descriptor.mediaType.isIndex {
      if let known = search.indexes[descriptor.digest] { return known }
      let index = try decode(ImageIndex.self, try blob(descriptor), descriptor.digest)
      var found: Descriptor?
      for child in index.manifests where found == nil { found = try manifest(child, depth: depth + 1, &search) }
      search.indexes[descriptor.digest] = .some(found)
      return found
    }
    guard descriptor.mediaType.isManifest else { return nil }
    if let platform = descriptor.platform, !platform.runs(on: .current) {
      if search.skipped.count < 10 { search.skipped.append("\(platform)") }
      return nil
    }
    return descriptor
  }

  private func ociImage(_ descriptor: Descriptor, tags: [ImageReference]) throws(ImageError) -> ArchivedImage {
    let manifestBytes = try blob(descriptor)
    let manifest = try decode(ImageManifest.self, manifestBytes, descriptor.digest)
    let configBytes = try blob(manifest.config)
    let config = try decode(ImageConfig.self, configBytes, manifest.config.digest)
    guard config.platform.runs(on: .current) else {
      throw ImageError(.wrongPlatform, "\(name): image is for \(config.platform), this machine is \(Platform.current)")
    }
    var files: [(ArchivedFile, String?)] = []
    for layer in manifest.layers {
      guard layer.mediaType.isLayer else {
        throw ImageError(
          .invalidArchive, "\(name): layer \(layer.digest) has media type \(layer.mediaType), which is no file system layer")
      }
      files.append((try blobFile(layer), layer.digest))
    }
    return ArchivedImage(
      id: manifest.config.digest, config: config, manifestDigest: descriptor.digest, tags: tags, layers: try layers(files, config),
      documents: [(descriptor.digest, manifestBytes), (manifest.config.digest, configBytes)])
  }

  /// Names from annotations: containerd's full name, else the layout's reference name when it is one.
  private func tags(_ descriptor: Descriptor) throws(ImageError) -> [ImageReference] {
    let annotations = descriptor.annotations ?? [:]
    guard let text = annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"] else { return [] }
    // A bare tag ("latest") names nothing by itself.
    guard text.contains("/") || text.contains(":") else { return [] }
    return [try ImageReference(text)]
  }

  /// Of the size the descriptor says; its digest is compared by whoever reads the bytes.
  private func blobFile(_ descriptor: Descriptor) throws(ImageError) -> ArchivedFile {
    guard Digest.isValid(descriptor.digest) else {
      throw ImageError(.invalidArchive, "\(name): '\(descriptor.digest)' is not a sha256 digest")
    }
    let path = "blobs/sha256/\(descriptor.digest.dropFirst(7))"
    guard let file = try contents.file(path) else {
      throw ImageError(.invalidArchive, "\(name): blob \(descriptor.digest) is missing (expected at \(path))")
    }
    guard file.size == descriptor.size else {
      throw ImageError(.digestMismatch, "\(name): \(path) has \(file.size) bytes, its descriptor says \(descriptor.size)")
    }
    return file
  }

  /// A document named by its digest.
  private func blob(_ descriptor: Descriptor) throws(ImageError) -> [UInt8] {
    let file = try blobFile(descriptor)
    let bytes = try document(file, descriptor.digest)
    let actual = Digest.of(bytes)
    guard actual == descriptor.digest else {
      throw ImageError(.digestMismatch, "\(name): blob \(descriptor.digest) has digest \(actual): it was damaged or changed")
    }
    return bytes
  }

  // MARK: Docker

  private func dockerImages(_ manifests: [DockerArchiveManifest]) throws(ImageError) -> [ArchivedImage] {
    guard !manifests.isEmpty else { throw ImageError(.invalidArchive, "\(name): manifest.json names no image") }
    var images: [ArchivedImage] = []
    for manifest in manifests {
      try budget.countDescriptor(of: name)
      guard let file = try contents.file(manifest.config) else {
        throw ImageError(.invalidArchive, "\(name): config \(manifest.config) is missing")
      }
      let bytes = try document(file, manifest.config)
      let config = try decode(ImageConfig.self, bytes, manifest.config)
      guard config.platform.runs(on: .current) else {
        throw ImageError(.wrongPlatform, "\(name): image is for \(config.platform), this machine is \(Platform.current)")
      }
      var files: [(ArchivedFile, String?)] = []
      for layer in manifest.layers {
        guard let file = try contents.file(layer) else { throw ImageError(.invalidArchive, "\(name): layer \(layer) is missing") }
        files.append((file, nil))
      }
      var tags: [ImageReference] = []
      for tag in manifest.repoTags ?? [] { tags.append(try ImageReference(tag)) }
      let id = Digest.of(bytes)
      images.append(
        ArchivedImage(
          id: id, config: config, manifestDigest: nil, tags: tags, layers: try layers(files, config), documents: [(id, bytes)]))
    }
    return images
  }

  // MARK: Common

  private func document(_ file: ArchivedFile, _ what: String) throws(ImageError) -> [UInt8] {
    try cancellation.check()
    try budget.count(bytes: file.size, of: name)
    return try file.document("\(what) of \(name)")
  }

  private func layers(_ files: [(ArchivedFile, String?)], _ config: ImageConfig) throws(ImageError) -> [ArchivedLayer] {
    let diffIDs = config.rootfs.diffIDs
    guard files.count == diffIDs.count else {
      throw ImageError(
        .invalidArchive, "\(name): the manifest has \(files.count) layers, the config \(diffIDs.count) diff ids")
    }
    guard files.count <= 500 else { throw ImageError(.tooLarge, "\(name): \(files.count) layers; overlayfs takes at most 500") }
    var layers: [ArchivedLayer] = []
    for (file, diffID) in zip(files, diffIDs) {
      guard Digest.isValid(diffID) else {
        throw ImageError(.invalidArchive, "\(name): diff id '\(diffID)' is not a sha256 digest")
      }
      layers.append(ArchivedLayer(file: file.0, digest: file.1, diffID: diffID))
    }
    return layers
  }

  private func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ what: String) throws(ImageError) -> T {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw ImageError(.invalidArchive, "\(name): \(what) is not what it should be", cause: error)
    }
  }
}
