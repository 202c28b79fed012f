import Foundation
import Testing

/// A part of a page in docs/ that is made from the code: what stands between `<!-- NAME: make docs -->` and `<!-- end of NAME -->`.
/// `make docs` (SWIFTLET_WRITE_DOCS) writes it; otherwise it has to be there already.
enum GeneratedDocumentation {
  static func check(_ page: String, _ name: String, _ text: String, tests: String = #filePath) throws {
    let root = URL(fileURLWithPath: tests).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("docs/\(page)")
    let old = try String(contentsOf: file, encoding: .utf8)
    let begin = try #require(old.range(of: "<!-- \(name): make docs -->\n"), "\(page) has no place for \(name)")
    let end = try #require(
      old.range(of: "<!-- end of \(name) -->", range: begin.upperBound..<old.endIndex), "\(page): \(name) has no end")
    let new = old.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: "\n\(text)\n")
    if ProcessInfo.processInfo.environment["SWIFTLET_WRITE_DOCS"] != nil {
      try new.write(to: file, atomically: true, encoding: .utf8)
    } else {
      #expect(old == new, "docs/\(page) is not what the code says: make docs")
    }
  }
}
