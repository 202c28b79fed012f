internal import Glibc
internal import KubeModel
internal import LinuxSystem

/// A manifest path (a directory or a single file) as it is on disk now: its files, and where to watch for changes of them.
struct ManifestDirectory: Sendable {
  let path: String

  /// Bytes of a file.
  static let limit = 10 << 20

  /// What matters in a watched directory.
  struct Interest: Sendable, Equatable {
    /// Any entry that may be a manifest.
    var manifests = false
    var names: Set<String> = []

    func includes(_ name: String) -> Bool { names.contains(name) || (manifests && ManifestDirectory.isManifest(name)) }
  }

  /// Only `*.yaml`, `*.yml`, `*.json`; not hidden, not what editors leave behind while saving.
  static func isManifest(_ name: String) -> Bool {
    if name.hasPrefix(".") || name.hasPrefix("#") || name.hasSuffix("#") { return false }
    return [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
  }

  /// Every manifest with its content; none when the path is not there.
  /// - Parameter writing: paths that a writer has open now.
  /// - Throws: when it cannot be said which manifests there are.
  func scan(writing: Set<String>) throws(SystemCallError) -> [String: ManifestSet.Content] {
    var found: [String: ManifestSet.Content] = [:]
    for file in try files() { found[file] = content(file, writing: writing) }
    return found
  }

  /// What is at one manifest's path; nil: nothing.
  func content(_ file: String, writing: Set<String>) -> ManifestSet.Content? {
    if writing.contains(file) { return .beingWritten }
    do throws(SystemCallError) {
      return .bytes(try readRegularFile(file, limit: Self.limit))
    } catch {
      switch error.code {
      // A dangling link or a file that went away while we looked is a file that is not there; a sub-directory is none.
      case ENOENT, EISDIR: return nil
      case EINVAL: return .unreadable("\(file): not a regular file")
      case EFBIG: return .unreadable("\(file): larger than \(Self.limit >> 20) MiB, the most that a manifest may be")
      default: return .unreadable("\(file): cannot be read: \(error.reason)")
      }
    }
  }

  private func files() throws(SystemCallError) -> [String] {
    guard let facts = try HostFiles.facts(path) else { return [] }
    guard facts.kind == .directory else { return [path] }
    // The dot follows a link to the directory.
    let names = try listDirectory("\(path)/.")
    return names.filter(ManifestDirectory.isManifest).sorted().map { "\(path)/\($0)" }
  }

  /// Directories to watch: those of the manifests and of every link on the way, and the nearest that exists if something is missing.
  /// A directory with an empty interest is watched for being moved or deleted itself.
  func interests() -> [String: Interest] {
    var interests: [String: Interest] = [:]
    func note(_ directory: String, _ name: String?) {
      var interest = interests[directory] ?? Interest()
      if let name { interest.names.insert(name) }
      interests[directory] = interest
    }
    /// The file at the end of the links is watched where it is.
    func noteFile(_ real: String) {
      guard let slash = real.lastIndex(of: "/") else { return }
      note(slash == real.startIndex ? "/" : String(real[..<slash]), String(real[real.index(after: slash)...]))
    }
    guard let real = ManifestDirectory.follow(path, note) else { return interests }
    if FileFacts.at(real)?.kind == .directory {
      interests[real, default: Interest()].manifests = true
      for file in (try? files()) ?? [] where FileFacts.at(file)?.kind == .symlink {
        if let target = ManifestDirectory.follow(file, note) { noteFile(target) }
      }
    } else {
      noteFile(real)
    }
    return interests
  }

  /// Resolves links one at a time. `visit` gets each directory on the way, with the entry to watch in it if that is a link or missing.
  /// - Returns: the path without links, `nil` if it leads nowhere.
  static func follow(_ path: String, _ visit: (String, String?) -> Void) -> String? {
    var rest = path.split(separator: "/").map(String.init)[...]
    var current = ""
    var links = 0
    while let name = rest.popFirst() {
      let directory = current.isEmpty ? "/" : current
      if name == "." { continue }
      if name == ".." {
        current = current.lastIndex(of: "/").map { String(current[..<$0]) } ?? ""
        continue
      }
      switch FileFacts.at("\(current)/\(name)")?.kind {
      case nil:
        visit(directory, name)
        return nil
      case .symlink:
        visit(directory, name)
        links += 1
        guard links <= 40, let target = try? HostFiles.linkTarget("\(current)/\(name)") else { return nil }
        if target.hasPrefix("/") { current = "" }
        rest = target.split(separator: "/").map(String.init) + rest
      default:
        visit(directory, nil)
        current += "/\(name)"
      }
    }
    return current.isEmpty ? "/" : current
  }
}
