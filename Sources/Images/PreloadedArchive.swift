/// An archive of the preload directory that was imported, and what it was then.
struct PreloadedArchive: Equatable {
  var path: String
  var size: Int64
  var modified: Int64
  var inode: Int64
  var imageIDs: [String] = []

  /// Whether the file is the one that was imported.
  func isSame(as other: PreloadedArchive) -> Bool {
    (size, modified, inode) == (other.size, other.modified, other.inode)
  }
}

extension PreloadedArchive {
  private static let kind = "preload"

  init?(record: [UInt8]) {
    guard let properties = Properties(String(decoding: record, as: UTF8.self), kind: Self.kind), let path = properties["path"],
      let size = properties.number("size"), let modified = properties.number("modified"), let inode = properties.number("inode")
    else { return nil }
    self.init(path: path, size: size, modified: modified, inode: inode, imageIDs: properties.all("image"))
  }

  var record: [UInt8] {
    var properties = Properties()
    properties.set("path", path)
    properties.set("size", size)
    properties.set("modified", modified)
    properties.set("inode", inode)
    properties.set("image", imageIDs)
    return Array(properties.text(kind: Self.kind).utf8)
  }
}
