import CLinux

extension Interpreter {
  func overlayOptions(_ configuration: Int32, _ key: String, _ value: String) throws(CallError) {
    try check(unsafe cl_fsconfig(configuration, MountFlag.configString, key, value, 0), "fsconfig", key + "=" + value)
  }

  mutating func overlayRoot(_ layers: [String], _ upper: String, _ work: String, _ at: String) throws(CallError) {
    let configuration = Descriptor(adopting: try check(unsafe cl_fsopen("overlay", 1), "fsopen", "overlay"))
    for layer in layers { try overlayOptions(configuration.raw, "lowerdir+", layer) }
    if !upper.isEmpty {
      try overlayOptions(configuration.raw, "upperdir", upper)
      try overlayOptions(configuration.raw, "workdir", work)
    }
    try check(cl_fsconfig(configuration.raw, MountFlag.configCreate, nil, nil, 0), "fsconfig", "overlay")
    root = try check(cl_fsmount(configuration.raw, 1, 0), "fsmount", "overlay")
    try attachRoot(at)
  }

  mutating func overlayRootByMount(_ base: String, _ layers: [String], _ upper: String, _ work: String, _ at: String)
    throws(CallError)
  {
    let directory = try Files.open(".", Open.path | Open.directory)
    try check(unsafe cl_chdir(base), "chdir", base)
    var options = "lowerdir="
    for (number, layer) in layers.enumerated() { options += (number == 0 ? "" : ":") + Self.escape(layer) }
    if !upper.isEmpty { options += ",upperdir=" + Self.escape(upper) + ",workdir=" + Self.escape(work) }
    try check(unsafe cl_mount("overlay", at, "overlay", 0, options), "mount", options)
    try check(cl_fchdir(directory.raw), "fchdir", "podshim's directory")
    root = try Files.open(at, Open.path | Open.directory).release()
  }

  /// Overlay options escape their separators with a backslash.
  private static func escape(_ path: String) -> String {
    var escaped: [UInt8] = []
    for byte in path.utf8 {
      if byte == UInt8(ascii: ":") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\\") { escaped.append(UInt8(ascii: "\\")) }
      escaped.append(byte)
    }
    return String(decoding: escaped, as: UTF8.self)
  }

  mutating func bindRoot(_ source: String, _ at: String) throws(CallError) {
    root = try check(
      unsafe cl_open_tree(At.workingDirectory, source, MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec | At.recursive),
      "open_tree", source)
    try attachRoot(at)
  }

  mutating func detachedRoot(_ slot: UInt8) throws(CallError) {
    guard Int(slot) < context.slots.count else { throw CallError("move_mount", Errno.badDescriptor, "slot " + decimal(slot)) }
    root = context.slots[Int(slot)]
    try attachRoot(Blank.directory)
  }

  /// For pause, whom every process of a shared pid namespace may look at.
  mutating func emptyRoot() throws(CallError) {
    root = try copy(of: Blank.directory).release()
    try attachRoot(Blank.directory)
  }

  /// A detached copy of a mount in podshim's directory, which is the working directory until there is a new root.
  func copy(of path: String) throws(CallError) -> Descriptor {
    Descriptor(
      adopting: try check(
        unsafe cl_open_tree(At.workingDirectory, path, MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec), "open_tree", path))
  }

  private func attachRoot(_ at: String) throws(CallError) {
    try check(unsafe cl_move_mount(root, "", At.workingDirectory, at, MountFlag.moveFromEmpty), "move_mount", at)
  }

  /// `propagation` is one of MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, with MS_REC for the whole tree.
  func setPropagation(_ mount: Int32, _ propagation: UInt64, _ detail: String) throws(CallError) {
    let recursive = propagation & MountFlag.flagRecursive != 0
    try check(
      unsafe cl_mount_setattr(
        mount, "", At.emptyPath | (recursive ? At.recursive : 0), 0, 0, propagation & ~MountFlag.flagRecursive, -1),
      "mount_setattr", detail)
  }

  /// pivot_root(".", "."): the old root ends up on top of the new one and is unmounted from there; no directory for it is needed.
  mutating func pivotRoot() throws(CallError) {
    let old = try Files.open("/", Open.readOnly | Open.directory)
    try check(cl_fchdir(root), "fchdir", "new root")
    try check(unsafe cl_pivot_root(".", "."), "pivot_root")
    try check(cl_fchdir(old.raw), "fchdir", "old root")
    // Detaching must not propagate to the host.
    try check(unsafe cl_mount(nil, ".", nil, MountFlag.flagRecursive | MountFlag.flagSlave, nil), "mount", "old root")
    try check(unsafe cl_umount(".", MountFlag.detach), "umount2", "old root")
    try check(unsafe cl_chdir("/"), "chdir", "/")
    _ = cl_close(root)
    root = try Files.open("/", Open.path | Open.directory).release()
  }
}
