internal import Glibc
internal import LinuxSystem

/// Files of a volume that change all at once: they are links through `..data`, which is renamed onto a new directory. A reader sees all of
/// the old or all of the new. Source: kubelet volume/util/atomic_writer.go.
enum AtomicFiles {
  struct File: Equatable, Sendable {
    /// Relative; may have directories.
    var path: String
    var content: [UInt8]
    var mode: UInt32
  }

  /// Makes the volume hold exactly these files. Nothing is written when it does already.
  /// - Returns: whether it changed.
  @discardableResult
  static func write(_ files: [File], to root: String) throws(KubeletError) -> Bool {
    do {
      try makeDirectory(root, mode: 0o777, parents: 0o750)
      let data = "\(root)/..data"
      let old = try? HostFiles.linkTarget(data)
      if let old, try isSame(files, "\(root)/\(old)") { return false }
      let name = "..\(Glibc.time(nil))_\(UInt32.random(in: 0 ... .max))"
      try makeDirectory("\(root)/\(name)", mode: 0o755, parents: 0o750)
      for file in files {
        let path = "\(root)/\(name)/\(file.path)"
        if let slash = file.path.lastIndex(of: "/") {
          try makeDirectory("\(root)/\(name)/\(file.path[..<slash])", mode: 0o755, parents: 0o750)
        }
        try HostFiles.write(file.content, to: path)
        try HostFiles.changeMode(path, file.mode)
      }
      try HostFiles.link(name, at: "\(root)/..data_tmp")
      try HostFiles.rename("\(root)/..data_tmp", to: data)
      let visible = Set(files.map { String($0.path.prefix { $0 != "/" }) })
      for name in try listDirectory(root) where !name.hasPrefix("..") && !visible.contains(name) {
        try removeTree("\(root)/\(name)")
      }
      for name in visible where try HostFiles.facts("\(root)/\(name)", followsLink: false) == nil {
        try HostFiles.link("..data/\(name)", at: "\(root)/\(name)")
      }
      if let old, old.hasPrefix(".."), !old.contains("/") { try removeTree("\(root)/\(old)") }
      return true
    } catch {
      throw KubeletError(.volume, "the files of the volume cannot be written", cause: error)
    }
  }

  private static func isSame(_ files: [File], _ directory: String) throws(SystemCallError) -> Bool {
    for file in files {
      guard let facts = try HostFiles.facts("\(directory)/\(file.path)"), facts.mode == file.mode,
        let text = try? readFile("\(directory)/\(file.path)"), Array(text.utf8) == file.content
      else { return false }
    }
    return try names(directory, "").count == files.count
  }

  private static func names(_ directory: String, _ prefix: String) throws(SystemCallError) -> [String] {
    var result: [String] = []
    for name in try listDirectory("\(directory)/\(prefix)") {
      let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
      if try HostFiles.facts("\(directory)/\(path)")?.kind == .directory {
        result += try names(directory, path)
      } else {
        result.append(path)
      }
    }
    return result
  }
}
