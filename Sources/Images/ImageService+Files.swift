import CLinux
import Glibc
import LinuxSystem
import OCISpec

extension ImageService {
  /// A small file of the image (1 MiB at most) as the merged layers show it: whiteouts and links are honoured, nothing outside the layers
  /// is ever read. nil when there is none.
  public func readFile(_ path: String, in image: ResolvedImage) throws(ImageError) -> String? {
    try files("cannot read \(path) of image \(image.id)") {
      var target = path
      for _ in 0..<40 {
        switch try MergedLookup(layers: image.layers.map(\.path)).find(target) {
        case .none: return nil
        case .file(let text): return text
        case .link(let next): target = next
        }
      }
      return nil
    }
  }
}

/// Finds a path in stacked layers. Each step looks at one component without following links.
private struct MergedLookup {
  enum Found {
    case none
    case file(String)
    /// The path again, with one link replaced by its target.
    case link(String)
  }

  let layers: [String]

  func find(_ path: String) throws(SystemCallError) -> Found {
    let parts = Self.clean(path.split(separator: "/").map(String.init))
    guard !parts.isEmpty else { return .none }
    for layer in layers {
      switch try look(in: layer, parts) {
      case .absent: continue
      case .hidden: return .none
      case .found(let found): return found
      }
    }
    return .none
  }

  private enum Look {
    /// Not in this layer: the next one may have it.
    case absent
    /// A whiteout or an opaque directory: lower layers do not count.
    case hidden
    case found(Found)
  }

  private func look(in layer: String, _ parts: [String]) throws(SystemCallError) -> Look {
    var opaque = false
    var path = layer
    for (index, part) in parts.enumerated() {
      path += "/" + part
      var status = stat()
      guard unsafe lstat(path, &status) == 0 else { return opaque ? .hidden : .absent }
      switch status.st_mode & S_IFMT {
      case S_IFCHR where status.st_rdev == 0: return .hidden
      case S_IFLNK:
        let target = try readLink(path)
        let rest = parts[(index + 1)...]
        let base = target.hasPrefix("/") ? [] : Array(parts[..<index])
        return .found(.link("/" + Self.clean(base + target.split(separator: "/").map(String.init) + rest).joined(separator: "/")))
      case S_IFDIR:
        if index == parts.count - 1 { return .found(.none) }
        if isOpaque(path) { opaque = true }
      case S_IFREG where index == parts.count - 1: return .found(.file(try LinuxSystem.readFile(path, limit: 1 << 20)))
      default: return .hidden
      }
    }
    return .absent
  }

  private func readLink(_ path: String) throws(SystemCallError) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = try systemCall("readlink", on: path) { unsafe readlink(path, &buffer, buffer.count) }
    return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func isOpaque(_ path: String) -> Bool {
    guard let raw = try? systemCall("open", on: path, { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }) else {
      return false
    }
    let directory = OwnedDescriptor(adopting: raw)
    var value: UInt8 = 0
    return directory.withRaw { raw in unsafe cl_lgetxattrat(raw, "", "trusted.overlay.opaque", &value, 1) } == 1
      && value == UInt8(ascii: "y")
  }

  /// `.` and `..` resolved by name; `..` stays at the root.
  private static func clean(_ parts: [String]) -> [String] {
    var result: [String] = []
    for part in parts where part != "." && !part.isEmpty {
      if part == ".." { _ = result.popLast() } else { result.append(part) }
    }
    return result
  }
}
