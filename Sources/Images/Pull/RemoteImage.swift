import FoundationEssentials
import LinuxSystem
import OCISpec
import Registry

/// An image of a registry, read down to its layers: what its name leads to on this machine.
struct RemoteImage: Sendable {
  /// Of what the name stands for: the index, where there is one.
  let target: String
  let id: String
  let config: ImageConfig
  let layers: [Descriptor]
  /// Indexes, manifest and config by digest.
  let documents: [(digest: String, bytes: [UInt8])]
}

/// Finds an image in a registry: name, indexes by platform, manifest, config. Documents that are on the disk are not asked for again.
/// Source: distribution-spec "Pulling manifests"; image-spec image-index.md, manifest.md.
struct RemoteImageSearch {
  let name: ImageReference
  let session: RegistrySession
  let content: ContentStore
  private let budget = DocumentBudget()
  private static let maximumDepth = 4
  private static let maximumLayers = 500

  init(name: ImageReference, session: RegistrySession, content: ContentStore) {
    (self.name, self.session, self.content) = (name, session, content)
  }

  func find() async throws(ImageError) -> RemoteImage {
    let reference = name.digest ?? name.tag ?? "latest"
    let first: RegistrySession.Manifest
    do throws(RegistryError) { first = try await session.manifest(reference) } catch { throw ImageError(error) }
    var documents: [(digest: String, bytes: [UInt8])] = []
    var document = try ManifestDocument(first.bytes, digest: first.digest, declared: first.mediaType, of: "\(name)")
    documents.append((first.digest, first.bytes))
    for _ in 0..<Self.maximumDepth {
      switch document {
      case .manifest(let manifest): return try await image(manifest, target: first.digest, documents)
      case .index(let index):
        let child = try choose(index)
        let bytes = try await bytes(child, isManifest: true)
        documents.append((child.digest, bytes))
        document = try ManifestDocument(bytes, digest: child.digest, declared: child.mediaType.rawValue, of: "\(name)")
      }
    }
    throw ImageError(.invalidArchive, "\(name): indexes are nested deeper than \(Self.maximumDepth)")
  }

  /// The first entry for this machine; one that names no platform may be, its config says.
  private func choose(_ index: ImageIndex) throws(ImageError) -> Descriptor {
    var others: [String] = []
    for descriptor in index.manifests.prefix(1000) where descriptor.mediaType.isManifest || descriptor.mediaType.isIndex {
      guard let platform = descriptor.platform, !platform.runs(on: .current) else { return descriptor }
      if others.count < 10 { others.append(printable("\(platform)")) }
    }
    throw ImageError(
      .wrongPlatform,
      others.isEmpty
        ? "\(name): its index names no image"
        : "\(name) has no image for \(Platform.current): it has \(others.joined(separator: ", "))")
  }

  private func image(
    _ manifest: ImageManifest, target: String, _ documents: [(digest: String, bytes: [UInt8])]
  ) async throws(ImageError) -> RemoteImage {
    guard manifest.config.mediaType.isConfig else {
      throw ImageError(
        .invalidArchive, "\(name) is no image: its config has media type \(printable(manifest.config.mediaType.rawValue))")
    }
    guard manifest.layers.count <= Self.maximumLayers else {
      throw ImageError(.tooLarge, "\(name): \(manifest.layers.count) layers; overlayfs takes at most \(Self.maximumLayers)")
    }
    for layer in manifest.layers { try check(layer) }
    let bytes = try await bytes(manifest.config, isManifest: false)
    let config: ImageConfig
    do { config = try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) } catch {
      throw ImageError(.invalidArchive, "\(name): its config \(manifest.config.digest) is not what it should be", cause: error)
    }
    guard config.platform.runs(on: .current) else {
      throw ImageError(
        .wrongPlatform, "\(name): the image is for \(printable("\(config.platform)")), this machine is \(Platform.current)")
    }
    let diffIDs = config.rootfs.diffIDs
    guard diffIDs.count == manifest.layers.count, diffIDs.allSatisfy(Digest.isValid) else {
      throw ImageError(
        .invalidArchive,
        "\(name): its manifest has \(manifest.layers.count) layers, its config \(diffIDs.count) diff ids (or some are no sha256 digests)"
      )
    }
    return RemoteImage(
      target: target, id: manifest.config.digest, config: config, layers: manifest.layers,
      documents: documents + [(manifest.config.digest, bytes)])
  }

  private func check(_ layer: Descriptor) throws(ImageError) {
    guard !layer.mediaType.isForeignLayer, layer.urls?.isEmpty ?? true else {
      throw ImageError(
        .invalidArchive,
        "\(name): layer \(printable(layer.digest)) is foreign: it lies outside the registry, and is not got from there")
    }
    guard layer.mediaType.isLayer else {
      throw ImageError(
        .invalidArchive,
        "\(name): layer \(printable(layer.digest)) has media type \(printable(layer.mediaType.rawValue)), which is no file system layer"
      )
    }
    guard layer.size <= Unpacker.Limits().bytes else {
      throw ImageError(
        .tooLarge,
        "\(name): layer \(printable(layer.digest)) has \(layer.size) bytes; at most \(Unpacker.Limits().bytes >> 30) GiB are got")
    }
    guard Digest.isValid(layer.digest), layer.size >= 0 else {
      throw ImageError(
        .invalidArchive, "\(name): layer '\(printable(layer.digest))' of \(layer.size) bytes has no sha256 digest or no size")
    }
  }

  /// A document by its digest, from the disk when it is there whole.
  private func bytes(_ descriptor: Descriptor, isManifest: Bool) async throws(ImageError) -> [UInt8] {
    let digest = descriptor.digest
    guard Digest.isValid(digest) else { throw ImageError(.invalidArchive, "\(name): '\(printable(digest))' is no sha256 digest") }
    let limit = isManifest ? RegistrySession.manifestLimit : 8 << 20
    guard descriptor.size >= 0, descriptor.size <= limit else {
      throw ImageError(.tooLarge, "\(name): document \(digest) has \(descriptor.size) bytes; at most \(limit >> 20) MiB are read")
    }
    try budget.countDescriptor(of: "\(name)")
    try budget.count(bytes: descriptor.size, of: "\(name)")
    let known = await runBlocking { [content] in try? content.read(digest) }
    if let known, Digest.of(known) == digest { return known }
    do throws(RegistryError) {
      if isManifest { return try await session.manifest(digest).bytes }
      return try await session.document(digest, size: descriptor.size, limit: limit)
    } catch {
      throw ImageError(error)
    }
  }
}

/// A stranger's words in a message: one line, no control characters.
func printable(_ text: String) -> String {
  String(String.UnicodeScalarView(text.unicodeScalars.prefix(300).map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
}

extension ImageError {
  /// What a registry did not give.
  init(_ error: RegistryError) {
    let code: Code =
      switch error.code {
      case .configuration: .configuration
      case .denied: .denied
      case .notFound: .notFound
      case .unavailable: .unavailable
      case .invalidContent: .invalidArchive
      case .digestMismatch: .digestMismatch
      case .tooLarge: .tooLarge
      case .consumer: .inputOutput
      case .cancelled: .cancelled
      }
    self.init(code, error.description)
  }
}
