import Foundation
import OCISpec

@testable import Images

/// An image made of layer tars, written as the formats real tools write.
struct TestImage {
  enum Compression: String, CaseIterable, Sendable { case none, gzip, zstd }

  var layers: [[UInt8]]
  var tags: [String] = ["docker.io/library/test:1"]
  var platform = Platform.current
  var user = ""
  var compression = Compression.none
  /// Instead of the digests of the layers.
  var diffIDs: [String]?

  var config: [UInt8] {
    let config = ImageConfig(
      architecture: platform.architecture, os: platform.os, config: ImageExecution(user: user),
      rootfs: ImageRootFS(diffIDs: diffIDs ?? layers.map(Digest.of)))
    return Self.json(config)
  }
  var id: String { Digest.of(config) }

  private static func json(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(value)).map(Array.init) ?? []
  }

  private static func descriptor(
    _ type: String, _ bytes: [UInt8], _ annotations: [String: String]? = nil, _ platform: Platform? = nil
  ) -> Descriptor {
    Descriptor(
      mediaType: MediaType(type), digest: Digest.of(bytes), size: Int64(bytes.count), annotations: annotations, platform: platform)
  }

  /// Path in the layout -> bytes.
  func layout() throws -> [(String, [UInt8])] {
    var files = [("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))]
    var blobs: [String: [UInt8]] = [:]
    var descriptors: [Descriptor] = []
    for layer in layers {
      let packed = try compression.apply(layer)
      let suffix = compression == .none ? "" : "+\(compression.rawValue)"
      descriptors.append(Self.descriptor("application/vnd.oci.image.layer.v1.tar\(suffix)", packed))
      blobs[Digest.of(packed)] = packed
    }
    blobs[id] = config
    let manifest = Self.json(
      ImageManifest(config: Self.descriptor("application/vnd.oci.image.config.v1+json", config), layers: descriptors))
    blobs[Digest.of(manifest)] = manifest
    let index = ImageIndex(
      manifests: tags.map {
        Self.descriptor("application/vnd.oci.image.manifest.v1+json", manifest, ["io.containerd.image.name": $0], platform)
      })
    files.append(("index.json", Self.json(index)))
    for (digest, bytes) in blobs.sorted(by: { $0.key < $1.key }) { files.append(("blobs/sha256/\(digest.dropFirst(7))", bytes)) }
    return files
  }

  func ociArchive() throws -> [UInt8] {
    var tar = Tar()
    for (name, bytes) in try layout() { tar.add(name, bytes) }
    return tar.finished
  }

  /// As `docker save` wrote it before version 25: layer directories, links for repeated layers.
  func dockerArchive() throws -> [UInt8] {
    var tar = Tar()
    let name = "\(id.dropFirst(7)).json"
    tar.add(name, config)
    var names: [String] = []
    for (number, layer) in layers.enumerated() {
      let path = "layer\(number)/layer.tar"
      if let first = layers.firstIndex(of: layer), first < number {
        tar.add(path, type: Tar.symbolicLink, link: "../layer\(first)/layer.tar")
      } else {
        tar.add(path, try compression.apply(layer))
      }
      names.append(path)
    }
    tar.add("manifest.json", Self.json([DockerArchiveManifest(config: name, repoTags: tags, layers: names)]))
    return tar.finished
  }
}

extension TestImage.Compression {
  func apply(_ bytes: [UInt8]) throws -> [UInt8] {
    if self == .none { return bytes }
    let folder = FileManager.default.temporaryDirectory.appending(path: "pack-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (folder.appending(path: "in"), folder.appending(path: "out"))
    try Data(bytes).write(to: input)
    try Data().write(to: output)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/\(rawValue)")
    // Without the time of the input: the same layer has the same digest each time it is packed.
    process.arguments = ["-q", "-c"] + (self == .gzip ? ["-n"] : [])
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    process.waitUntilExit()
    return Array(try Data(contentsOf: output))
  }
}
