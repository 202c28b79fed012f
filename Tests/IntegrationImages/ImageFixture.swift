import Foundation
import Store
import TestSupport
import Testing

@testable import Images

/// A directory of one test with an image service in it, removed at the end.
final class ImageFixture {
  private let scratch: ScratchDirectory
  var directory: String { scratch.path }
  let store: Store
  private(set) var service: ImageService

  var root: String { directory + "/root" }

  init() throws {
    scratch = try ScratchDirectory("images")
    let root = try scratch.makeDirectory("root")
    store = try Store(path: nil)
    service = try Self.open(root, store, Unpacker.Limits())
  }

  static let unpacker = Products.path("unpacker")

  private static func open(_ root: String, _ store: Store, _ limits: Unpacker.Limits) throws(ImageError) -> ImageService {
    try ImageService(root: root, store: store, unpacker: Unpacker(program: unpacker, limits: limits))
  }

  deinit { scratch.remove() }

  /// What a new start of the agent does.
  func restart(limits: Unpacker.Limits = Unpacker.Limits()) throws { service = try Self.open(root, store, limits) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String { try scratch.write(name, bytes) }

  func importArchive(_ bytes: [UInt8], pin: Bool = false) async throws(ImageError) -> [StoredImage] {
    let path: String
    do { path = try write("archive.tar", bytes) } catch { throw ImageError(.inputOutput, "test", cause: error) }
    return try await service.importArchive(path: path, pin: pin)
  }

  /// Imports an image of these layers.
  @discardableResult
  func importLayers(_ layers: [[UInt8]], tags: [String] = ["test:1"]) async throws(ImageError) -> StoredImage? {
    let bytes: [UInt8]
    do { bytes = try TestImage(layers: layers, tags: tags).ociArchive() } catch {
      throw ImageError(.inputOutput, "test", cause: error)
    }
    return try await importArchive(bytes).first
  }

  func names(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(path)").sorted() }

  /// Nothing is left: no layers, no blobs, no temporary files.
  func expectEmpty(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for path in ["layers", "content/blobs/sha256", "content/ingest"] {
      #expect(try names(path) == [], comment, sourceLocation: sourceLocation)
    }
    #expect(service.list() == [], comment, sourceLocation: sourceLocation)
  }
}

/// A layer tar made by a closure.
func layer(_ body: (inout Tar) -> Void) -> [UInt8] {
  var tar = Tar()
  body(&tar)
  return tar.finished
}

/// Two layers a program could run from.
let goodLayers = [
  layer { tar in
    tar.directory("etc/")
    tar.add("etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\n")
    tar.directory("bin/")
    tar.add("bin/sh", [0x7f, 0x45, 0x4c, 0x46], mode: 0o755)
    tar.add("bin/ash", type: Tar.symbolicLink, link: "sh")
  },
  layer { tar in tar.add("etc/hostname", text: "test\n") },
]
