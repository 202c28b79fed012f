import Testing

@testable import Images

/// Rows as agents before this one wrote them: they stay as they are, or an upgrade loses every image of the node.
@Suite("Rows of images that agents before this one wrote") struct RecordFixtureTests {
  @Test("an image: every field is read, and written as it was")
  func image() throws {
    let (id, layer) = ("sha256:" + String(repeating: "a", count: 64), "sha256:" + String(repeating: "b", count: 64))
    let text = """
      swiftlet image 1
      id \(id)
      tag localhost/a:1
      tag localhost/b:2
      digest localhost/a@\(layer)
      layer \(layer)
      blob \(id)
      size 4096
      pinned true
      user 1000:1000

      """
    let image = try #require(StoredImage(record: Array(text.utf8)))
    #expect(
      image.id == id && image.repoTags == ["localhost/a:1", "localhost/b:2"] && image.repoDigests == ["localhost/a@\(layer)"])
    #expect(image.diffIDs == [layer] && image.blobs == [id] && image.size == 4096 && image.pinned && image.user == "1000:1000")
    #expect(String(decoding: image.record, as: UTF8.self) == text)
  }

  @Test("an archive that was imported") func archive() throws {
    let text = "swiftlet preload 1\npath /images/a.tar\nsize 5\nmodified 6\ninode 7\nimage sha256:a\n"
    let archive = try #require(PreloadedArchive(record: Array(text.utf8)))
    #expect(archive == PreloadedArchive(path: "/images/a.tar", size: 5, modified: 6, inode: 7, imageIDs: ["sha256:a"]))
    #expect(String(decoding: archive.record, as: UTF8.self) == text)
  }
}
