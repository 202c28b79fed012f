import CLinux
import Glibc

/// An overlay of directories that is attached nowhere: who gets its descriptor attaches it with move_mount(2).
public struct LayeredMount: Sendable {
  /// Topmost first.
  public var layers: [String]
  /// A directory with `upper` and `work` in it; nil: the file system is read-only, for whoever attaches it and whatever he is allowed.
  public var writable: String?
  /// The user namespace by whose mappings the layers show their owners; nil: as they are on disk. The upper directory is not mapped: what
  /// is written has the ids of the namespace's users on disk, never the host's root.
  public var mapping: SharedDescriptor?

  public init(layers: [String], writable: String? = nil, mapping: SharedDescriptor? = nil) {
    (self.layers, self.writable, self.mapping) = (layers, writable, mapping)
  }

  /// The paths of a mount(2) must fit one page, and idmapped layers must be mounts: each is bound to a short name in a mount namespace of
  /// its own, which no kernel since 5.19 asks more than.
  /// - Parameters:
  ///   - scratch: a directory.
  ///   - parts: paths below the root of the overlay, "" for the root itself; links in them lead nowhere else (RESOLVE_IN_ROOT).
  ///   - owner: a part that is not there becomes an empty directory of this user and group of the host; nil: it is an error.
  /// - Returns: a detached mount for each part: a directory or a regular file.
  /// - Throws: with the part as the subject when it is not there (ENOENT), or neither directory nor file (ENOTSUP).
  public func make(
    scratch: String, parts: [String] = [""], owner: (uid: UInt32, gid: UInt32)? = nil
  ) async throws(SystemCallError) -> [SharedDescriptor] {
    try await PrivateMountNamespace.run(scratch: scratch) { () throws(SystemCallError) in
      try mount()
      let root = try Self.open(at: -100, "root")
      if let owner { for part in parts { try Self.makeDirectories(part, below: root, owner) } }
      return try parts.map { (part) throws(SystemCallError) in
        try Self.detach(part.isEmpty ? root : try Self.find(part, below: root), part)
      }
    }
  }

  private func mount() throws(SystemCallError) {
    var places: [String] = []
    for layer in layers {
      places.append("\(places.count)")
      try attach(layer, as: "\(places.count - 1)", mapping: mapping)
    }
    // Without an upper directory overlayfs wants two others.
    while writable == nil && places.count < 2 {
      places.append("\(places.count)")
      try Self.makeDirectory(places.last ?? "")
    }
    var options = "lowerdir=" + places.joined(separator: ":")
    if let writable {
      try attach(writable, as: "w", mapping: nil)
      options += ",upperdir=w/upper,workdir=w/work"
    }
    try Self.makeDirectory("root")
    _ = try kernelCall("mount(overlay)", on: layers.first ?? "no layer") {
      unsafe cl_mount("overlay", "root", "overlay", 0, options)
    }
  }

  private func attach(_ path: String, as place: String, mapping: SharedDescriptor?) throws(SystemCallError) {
    try Self.makeDirectory(place)
    let tree = OwnedDescriptor(
      adopting: try kernelCall("open_tree", on: path) { unsafe cl_open_tree(-100, path, Self.clone) })
    if let mapping { try tree.withRaw { raw throws(SystemCallError) in try DetachedMount.map(raw, by: mapping, path) } }
    try tree.withRaw { raw throws(SystemCallError) in
      // MOVE_MOUNT_F_EMPTY_PATH
      _ = try kernelCall("move_mount", on: path) { unsafe cl_move_mount(raw, "", -100, place, 0x4) }
    }
  }

  private static func makeDirectories(
    _ part: String, below root: SharedDescriptor, _ owner: (uid: UInt32, gid: UInt32)
  ) throws(SystemCallError) {
    var path = ""
    for name in part.split(separator: "/") {
      let parent = path.isEmpty ? root : try find(path, below: root)
      path += "/\(name)"
      do { _ = try find(path, below: root) } catch  where error.code == ENOENT {
        try parent.withRaw { raw throws(SystemCallError) in
          _ = try kernelCall("mkdirat", on: part) { unsafe cl_mkdirat(raw, String(name), 0o755) }
          _ = try kernelCall("fchownat", on: part) { unsafe cl_lchownat(raw, String(name), owner.uid, owner.gid) }
        }
      }
    }
  }

  private static func makeDirectory(_ name: String) throws(SystemCallError) {
    _ = try kernelCall("mkdirat", on: name) { unsafe cl_mkdirat(-100, name, 0o755) }
  }

  /// OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC
  private static let clone: UInt32 = 0x1 | 0x80000
  private static let pathFlags = UInt64(ConfinedDirectory.pathFlag | O_CLOEXEC)

  private static func open(at directory: CInt, _ path: String, resolve: UInt64 = 0) throws(SystemCallError) -> SharedDescriptor {
    SharedDescriptor(
      OwnedDescriptor(
        adopting: try kernelCall("openat2", on: path) { unsafe cl_openat2(directory, path, pathFlags, 0, resolve) }))
  }

  /// The image may have links that were made to lead out.
  private static func find(_ part: String, below root: SharedDescriptor) throws(SystemCallError) -> SharedDescriptor {
    var found: SharedDescriptor?
    var left = 100
    while found == nil {
      do {
        // RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
        found = try root.withRaw { raw throws(SystemCallError) in try open(at: raw, part, resolve: 0x10 | 0x02) }
      } catch {
        // A rename or mount anywhere while the kernel walked a "..": it asks to try again.
        left -= 1
        if error.code != EAGAIN || left == 0 { throw error }
      }
    }
    guard let found else { throw SystemCallError(call: "openat2", subject: part, code: EAGAIN) }
    var status = stat()
    _ = try found.withRaw { raw throws(SystemCallError) in try systemCall("fstat", on: part) { unsafe fstat(raw, &status) } }
    guard status.st_mode & S_IFMT == S_IFDIR || status.st_mode & S_IFMT == S_IFREG else {
      throw SystemCallError(call: "openat2", subject: part, code: ENOTSUP)
    }
    return found
  }

  private static func detach(_ place: SharedDescriptor, _ part: String) throws(SystemCallError) -> SharedDescriptor {
    let raw = try place.withRaw { raw throws(SystemCallError) in
      // AT_EMPTY_PATH
      try kernelCall("open_tree", on: part) { unsafe cl_open_tree(raw, "", clone | 0x1000) }
    }
    return SharedDescriptor(OwnedDescriptor(adopting: raw))
  }
}
