import Foundation
import Glibc
import LinuxSystem
import OCISpec
import Testing

@testable import Images

@Suite("What strangers make an import spend")
struct ImageBoundsTests {
  @Test("indexes that name one another a thousandfold are refused soon", .timeLimit(.minutes(5)), arguments: [false, true])
  func indexes(_ same: Bool) async throws {
    let scratch = try ImageFixture()
    let type = MediaType("application/vnd.oci.image.index.v1+json")
    func encode(_ index: ImageIndex) throws -> [UInt8] { Array(try JSONEncoder().encode(index)) }
    var files: [(String, [UInt8])] = [("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))]
    func add(_ bytes: [UInt8]) -> Descriptor {
      files.append(("blobs/sha256/\(Digest.of(bytes).dropFirst(7))", bytes))
      return Descriptor(mediaType: type, digest: Digest.of(bytes), size: Int64(bytes.count), annotations: nil, platform: nil)
    }
    var level = [add(try encode(ImageIndex(manifests: [])))]
    for depth in 0..<3 {
      // Each time the same, or indexes that differ by how often they name the one below.
      let next = try (0..<(same ? 1 : 40)).map { number in
        add(try encode(ImageIndex(manifests: (0..<(same ? 500 : 40 + number)).map { level[$0 % level.count] })))
      }
      level = next
      _ = depth
    }
    files.append(("index.json", try encode(ImageIndex(manifests: level))))
    for (name, bytes) in files { try scratch.write("layout/\(name)", bytes) }
    let error = await #expect(throws: ImageError.self) {
      try await scratch.service.importArchive(path: scratch.directory + "/layout", pin: false)
    }
    #expect(error?.code == .tooLarge, "\(String(describing: error))")
    #expect(error?.message.contains("more than 1000") == true)
  }

  @Test("the index of an archive counts among its documents", arguments: ["index.json", "manifest.json"])
  func firstDocument(_ name: String) throws {
    let scratch = try ImageFixture()
    try scratch.write("layout/oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
    try scratch.write("layout/\(name)", [UInt8](repeating: 0x20, count: 2 << 20))
    let error = #expect(throws: ImageError.self) {
      try ImageArchive(
        name: "a", contents: ArchiveContents(directory: scratch.directory + "/layout"), cancellation: ImportCancellation(),
        budget: DocumentBudget(maximumBytes: 1 << 20)
      ).images()
    }
    #expect(error?.code == .tooLarge, "\(String(describing: error))")
  }

  @Test("a message about the wrong platform names ten of them")
  func platforms() async throws {
    let scratch = try ImageFixture()
    let other = Platform(architecture: Platform.current.architecture == "arm64" ? "amd64" : "arm64", os: "linux")
    let image = TestImage(layers: [], tags: (0..<200).map { "docker.io/library/t:\($0)" }, platform: other)
    let error = await #expect(throws: ImageError.self) { try await scratch.importArchive(try image.ociArchive()) }
    #expect(error?.code == .wrongPlatform)
    #expect((error?.message.components(separatedBy: other.architecture).count ?? 0) == 11, "\(String(describing: error))")
  }

  @Test("sizes that do not fit are an error, not the end of the agent")
  func sizes() async throws {
    let scratch = try ImageFixture()
    let layout = scratch.directory + "/layout"
    var image = TestImage(layers: [layer { $0.add("a", [1]) }])
    image.diffIDs = [Digest.of([1]), Digest.of([2]), Digest.of([3])]
    let empty = MediaType("application/vnd.oci.image.layer.v1.tar")
    // Sparse: as large as the file system of the test takes.
    let name = Digest.of([9])
    let config = image.config
    let path = try scratch.write("layout/blobs/sha256/\(name.dropFirst(7))", [])
    var size: off_t = 1 << 62
    while unsafe truncate(path, size) != 0, size > 1 << 30 { size >>= 1 }
    let huge = Descriptor(mediaType: empty, digest: name, size: Int64(size), annotations: nil, platform: nil)
    func document(_ type: String, _ bytes: [UInt8]) throws -> Descriptor {
      try scratch.write("layout/blobs/sha256/\(Digest.of(bytes).dropFirst(7))", bytes)
      return Descriptor(
        mediaType: MediaType(type), digest: Digest.of(bytes), size: Int64(bytes.count), annotations: nil, platform: nil)
    }
    let manifest = ImageManifest(
      config: try document("application/vnd.oci.image.config.v1+json", config), layers: [huge, huge, huge])
    let index = ImageIndex(manifests: [
      try document("application/vnd.oci.image.manifest.v1+json", Array(try JSONEncoder().encode(manifest)))
    ])
    try scratch.write("layout/oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
    try scratch.write("layout/index.json", Array(try JSONEncoder().encode(index)))
    let error = await #expect(throws: ImageError.self) { try await scratch.service.importArchive(path: layout, pin: false) }
    #expect(error?.code == .noSpace, "\(String(describing: error))")
  }

  @Test("an unpacker that stands still is ended though the bytes for it do not fit into the socket", .timeLimit(.minutes(5)))
  func standsStill() throws {
    let scratch = try ImageFixture()
    try FileManager.default.createDirectory(atPath: scratch.directory + "/target", withIntermediateDirectories: true)
    let target = try ImageFile.open(scratch.directory + "/target", followLinks: false)
    let (ours, theirs) = try UnixStream.pair()
    let process = try theirs.withRaw { stream in
      try target.withRaw { target in
        try UnpackerProcess(
          program: ImageFixture.unpacker, arguments: ["layer", "10", "1000"], descriptors: [stream, target], name: "test",
          cancellation: ImportCancellation(), patience: 200)
      }
    }
    try process.process.signal(SIGSTOP)
    let bytes = [UInt8](repeating: 0, count: 4 << 20)
    let error = #expect(throws: ImageError.self) {
      _ = try unsafe bytes.withUnsafeBytes { unsafe try process.send($0, into: ours) }
    }
    #expect(error?.message.contains("did nothing for") == true, "\(String(describing: error))")
  }

  @Test("a measurement that ended after somebody looked at the clock is fresh")
  func clock() {
    let usage = ImageService.MeasuredUsage(usage: DiskUsage(path: "/", bytes: 1, inodes: 1), measured: 1000, duration: 5)
    #expect(usage.isFresh(at: 990) && usage.isFresh(at: 1400) && !usage.isFresh(at: 1600))
    // Lists take an older one.
    #expect(usage.isFresh(at: 1600, maximumAge: 700) && !usage.isFresh(at: 1700, maximumAge: 700))
  }
}
