import OCISpec

/// A normalised image name: `registry/path[:tag][@digest]`. Source: distribution/reference, with Docker's short forms.
public struct ImageReference: Equatable, Sendable, CustomStringConvertible {
  /// Host and optional port.
  public let registry: String
  public let path: String
  public let tag: String?
  public let digest: String?
  /// Whether a tag or a digest was written, not added.
  public let isExact: Bool

  /// `registry/path`.
  public var repository: String { "\(registry)/\(path)" }
  public var description: String { repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "") }

  /// Reads a reference as people write it: `busybox` is `docker.io/library/busybox:latest`.
  public init(_ text: String) throws(ImageError) {
    func fail(_ why: String) -> ImageError { ImageError(.invalidReference, "image reference '\(text)': \(why)") }
    guard !text.isEmpty, text.utf8.count <= 512 else { throw fail("is empty or longer than 512 bytes") }
    var rest = Substring(text)
    var digest: String?
    if let at = rest.firstIndex(of: "@") {
      let value = String(rest[rest.index(after: at)...])
      guard Digest.isValid(value) else { throw fail("'\(value)' is not sha256: and 64 hex digits") }
      digest = value
      rest = rest[..<at]
    }
    var tag: String?
    let lastSlash = rest.lastIndex(of: "/")
    if let colon = rest.lastIndex(of: ":"), lastSlash.map({ colon > $0 }) ?? true {
      let value = rest[rest.index(after: colon)...]
      guard Self.isTag(value) else { throw fail("tag '\(value)' has characters a tag cannot have") }
      tag = String(value)
      rest = rest[..<colon]
    }
    var registry = "docker.io"
    if let slash = rest.firstIndex(of: "/") {
      let first = rest[..<slash]
      if first == "localhost" || first.contains(".") || first.contains(":") {
        registry = String(first)
        rest = rest[rest.index(after: slash)...]
      }
    }
    if registry == "index.docker.io" { registry = "docker.io" }
    var path = String(rest)
    if registry == "docker.io", !path.contains("/") { path = "library/" + path }
    guard Self.isPath(path) else {
      throw fail("'\(path)' is not a repository path: lower-case letters, digits, '.', '_', '-' between '/'")
    }
    guard Self.isRegistry(registry) else { throw fail("'\(registry)' is not a registry host") }
    self.registry = registry
    self.path = path
    isExact = tag != nil || digest != nil
    self.tag = tag ?? (digest == nil ? "latest" : nil)
    self.digest = digest
  }

  private static func isTag(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128, first != 45, first != 46 else { return false }
    return text.utf8.allSatisfy { isLower($0) || (65...90).contains($0) || $0 == 95 || $0 == 46 || $0 == 45 }
  }

  private static func isPath(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.isEmpty
      && parts.allSatisfy { part in
        guard let first = part.utf8.first, let last = part.utf8.last, isLower(first), isLower(last) else { return false }
        return part.utf8.allSatisfy { isLower($0) || $0 == 46 || $0 == 95 || $0 == 45 }
      }
  }

  private static func isRegistry(_ text: String) -> Bool {
    // Labels begin and end with a letter or digit: neither `..` nor `-x` is a host.
    let labels = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)[0].split(
      separator: ".", omittingEmptySubsequences: false)
    return
      (text.hasPrefix("[")
      || labels.allSatisfy { $0.utf8.first.map(isAlphanumeric) == true && $0.utf8.last.map(isAlphanumeric) == true })
      && text.utf8.allSatisfy { isLower($0) || (65...90).contains($0) || [45, 46, 58, 91, 93].contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLower(byte) || (65...90).contains(byte) }
  private static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
}
