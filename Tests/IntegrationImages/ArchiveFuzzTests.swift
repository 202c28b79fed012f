import Foundation
import OCISpec
import TestSupport
import Testing

@testable import Images

/// Image archives from anywhere. As root, beside the other suites of imports; `make fuzz` takes it along.
@Suite("Fuzz: archives", .serialized) struct ArchiveFuzzTests {
  @Test("an archive is an image, whole, or an error; nothing else is left", arguments: TestImage.Compression.allCases)
  func archives(_ compression: TestImage.Compression) async throws {
    let image = TestImage(layers: goodLayers, compression: compression)
    let corpus = [try image.ociArchive(), try image.dockerArchive()]
    let scratch = try ImageFixture()
    let tokens = [
      "../", "/", "\"", "{", "}", "[", "null", "sha256:", "-1", "99999999999999999999", "ustar\u{0}00", "00000000000\u{0}",
      "PaxHeader",
      "SCHILY.xattr.", "trusted.overlay.opaque", ".wh..wh..opq", "layers", "manifest.json", "index.json", "blobs/sha256/",
    ]
    try await Fuzzer("archives-\(compression)", corpus: corpus, tokens: tokens).run(rounds: 25) { bytes, repetition in
      do {
        for found in try await scratch.importArchive(bytes) {
          #expect(try isWhole(found.id, in: scratch), "\(repetition)")
          try await scratch.service.remove(found.id)
        }
      } catch let error as ImageError {
        // Not of the agent's making: neither a lost unpacker nor a system call that failed.
        #expect(error.code != .inputOutput && error.code != .cancelled, "\(repetition): \(error)")
      }
      try scratch.expectEmpty("\(repetition)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted() == ["archive.tar", "root"], "\(repetition)")
    }
  }

  /// In a function of its own: what was resolved keeps its layers.
  private func isWhole(_ id: String, in scratch: ImageFixture) throws -> Bool {
    let resolved = try scratch.service.resolve(id)
    return resolved.layers.count == resolved.config.rootfs.diffIDs.count
  }
}
