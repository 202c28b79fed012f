import Foundation
import OCISpec
import Testing

@testable import Images

/// A small deterministic generator (SplitMix64): a failure names the seed that repeats it.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

@Suite("A damaged archive")
struct DamageTests {
  @Test("cut off anywhere is refused and leaves nothing, or is whole", arguments: TestImage.Compression.allCases)
  func truncated(_ compression: TestImage.Compression) async throws {
    let image = TestImage(layers: goodLayers)
    let archive = try compression.apply(try image.ociArchive())
    let scratch = try ImageFixture()
    for step in 0..<60 {
      let length = archive.count * step / 60
      do {
        let images = try await scratch.importArchive(Array(archive[..<length]))
        // Only the padding at the end was missing.
        #expect(images.map(\.id) == [image.id])
        try await scratch.service.remove(image.id)
      } catch {
        #expect([.invalidArchive, .digestMismatch].contains(error.code), "\(length): \(error)")
      }
      try scratch.expectEmpty("\(length) of \(archive.count)")
    }
  }

  @Test("with random changes never crashes, and never brings in anything but the image", arguments: 0..<10)
  func mutated(_ block: Int) async throws {
    let image = TestImage(layers: goodLayers, compression: TestImage.Compression.allCases[block % 3])
    let archive = block % 2 == 0 ? try image.ociArchive() : try image.dockerArchive()
    let scratch = try ImageFixture()
    for round in 0..<50 {
      let seed = UInt64(block * 50 + round)
      var random = Seeded(state: seed)
      var bytes = archive
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch UInt8.random(in: 0..<5, using: &random) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.remove(at: position)
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        default:
          let end = min(bytes.count, position + Int.random(in: 1...512, using: &random))
          bytes.replaceSubrange(position..<end, with: [UInt8](repeating: 0, count: end - position))
        }
      }
      if let images = try? await scratch.importArchive(bytes) {
        for found in images {
          // The layers are what their diff ids say, whatever else was changed.
          #expect(try hasItsLayers(found.id, in: scratch), "seed \(seed)")
          try await scratch.service.remove(found.id)
        }
      }
      try scratch.expectEmpty("seed \(seed)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted() == ["archive.tar", "root"], "seed \(seed)")
    }
  }

  /// In a function of its own: what was resolved keeps its layers.
  private func hasItsLayers(_ id: String, in scratch: ImageFixture) throws -> Bool {
    let resolved = try scratch.service.resolve(id)
    return resolved.layers.count == resolved.config.rootfs.diffIDs.count
  }

  @Test("cannot make the agent start programs for exotic compressions", arguments: ["lrzip", "grzip", "lzop"])
  func programs(_ name: String) async throws {
    let magic: [String: [UInt8]] = [
      "lrzip": Array("LRZI".utf8) + [0, 6] + [UInt8](repeating: 0, count: 64), "grzip": Array("GRZipII\u{0}\u{2}\u{4}:)".utf8),
      "lzop": [0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a] + [UInt8](repeating: 0, count: 64),
    ]
    let scratch = try ImageFixture()
    let error = await #expect(throws: ImageError.self) { try await scratch.importArchive(magic[name] ?? []) }
    #expect(error?.code == .invalidArchive)
    #expect(
      error?.description.contains("exited") == false && error?.description.contains("program") == false,
      "\(String(describing: error))")
  }
}
