import CLinux

extension Interpreter {
  /// Attaches the detached mount on an open target.
  private func attach(_ mount: Int32, _ target: Int32, _ path: String) throws(CallError) {
    try check(unsafe cl_move_mount(mount, "", target, "", MountFlag.moveBothEmpty), "move_mount", path)
  }

  func mountFileSystem(_ type: String, _ source: String, _ target: String, _ attributes: UInt64, _ options: [String])
    throws(CallError)
  {
    let mount: Descriptor
    if type == "proc", !context.joinedProcfs.isEmpty {
      mount = try joinedProcfs(attributes)
    } else if type == "proc", hostProcfs >= 0 {
      mount = Descriptor(adopting: hostProcfs)
    } else {
      mount = try detachedFileSystem(type, source, attributes, options)
    }
    // An image whose /proc or /sys is a symlink would otherwise choose where the real one appears (CVE-2019-16884).
    if type == "proc" || type == "sysfs", let found = try resolve(target, Open.path, extra: Resolve.noSymlinks) {
      return try attach(mount.raw, found.raw, target)
    }
    let place = try makePath(target, directory: true)
    try attach(mount.raw, place.raw, target)
  }

  /// procfs shows the pid namespace of who mounts it, and this process is not in the one it sets up for.
  private func joinedProcfs(_ attributes: UInt64) throws(CallError) -> Descriptor {
    let mount = try copy(of: context.joinedProcfs)
    let all = MountFlag.attributeReadOnly | MountFlag.attributeNoSuid | MountFlag.attributeNoDevices | MountFlag.attributeNoExec
    try check(
      unsafe cl_mount_setattr(mount.raw, "", At.emptyPath, attributes & all, all & ~attributes, 0, -1), "mount_setattr", "proc")
    return mount
  }

  private func detachedFileSystem(_ type: String, _ source: String, _ attributes: UInt64, _ options: [String]) throws(CallError)
    -> Descriptor
  {
    let configuration = Descriptor(adopting: try check(unsafe cl_fsopen(type, 1), "fsopen", type))
    if !source.isEmpty {
      try check(unsafe cl_fsconfig(configuration.raw, MountFlag.configString, "source", source, 0), "fsconfig", "source=" + source)
    }
    for option in options {
      if let separator = option.utf8.firstIndex(of: UInt8(ascii: "=")) {
        let key = String(decoding: option.utf8[..<separator], as: UTF8.self)
        let value = String(decoding: option.utf8[option.utf8.index(after: separator)...], as: UTF8.self)
        try check(unsafe cl_fsconfig(configuration.raw, MountFlag.configString, key, value, 0), "fsconfig", option)
      } else {
        try check(unsafe cl_fsconfig(configuration.raw, MountFlag.configFlag, option, nil, 0), "fsconfig", option)
      }
    }
    try check(cl_fsconfig(configuration.raw, MountFlag.configCreate, nil, nil, 0), "fsconfig", type)
    return Descriptor(
      adopting: try check(cl_fsmount(configuration.raw, 1, UInt32(truncatingIfNeeded: attributes)), "fsmount", type))
  }

  func bind(_ mount: BindMount) throws(CallError) {
    let tree = try detachedTree(mount)
    let status = try Files.status(tree.raw, mount.source)
    if mount.requiredType != 0, status.mode & FileType.mask != mount.requiredType {
      throw CallError("fstat", Errno.invalid, mount.source + " is not of the required type")
    }
    if mount.source == "/dev/null", mount.slot < 0, mount.subPath.isEmpty, !isNullDevice(status) {
      throw CallError("fstat", Errno.invalid, "/dev/null is not the null device")
    }
    if mount.attributesSet != 0 || mount.attributesClear != 0 {
      let flags = At.emptyPath | (mount.attributesRecursive ? At.recursive : 0)
      try check(
        unsafe cl_mount_setattr(tree.raw, "", flags, mount.attributesSet, mount.attributesClear, 0, -1), "mount_setattr",
        mount.target)
    }
    if mount.propagation != 0 { try setPropagation(tree.raw, mount.propagation, mount.target) }
    let place = try makePath(mount.target, directory: status.mode & FileType.mask == FileType.directory)
    try attach(tree.raw, place.raw, mount.target)
  }

  private func detachedTree(_ mount: BindMount) throws(CallError) -> Descriptor {
    let flags = MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec | (mount.recursive ? At.recursive : 0)
    if mount.slot >= 0 {
      guard Int(mount.slot) < context.slots.count else { throw CallError("open_tree", Errno.badDescriptor, mount.target) }
      // Not owned by the list any more: this process uses each slot once.
      return Descriptor(adopting: context.slots[Int(mount.slot)])
    }
    if mount.subPath.isEmpty {
      return Descriptor(
        adopting: try check(unsafe cl_open_tree(At.workingDirectory, mount.source, flags), "open_tree", mount.source))
    }
    let base = try Files.open(mount.source, Open.path)
    let detail = mount.source + ": " + mount.subPath
    let part = Descriptor(
      adopting: try check(
        unsafe cl_openat2(
          base.raw, mount.subPath, UInt64(Open.path | Open.closeOnExec), 0, Resolve.inRoot | Resolve.noMagicLinks), "openat2",
        detail))
    return Descriptor(adopting: try check(unsafe cl_open_tree(part.raw, "", flags | At.emptyPath), "open_tree", detail))
  }

  func mask(_ path: String) throws(CallError) {
    guard let place = try resolve(path) else { return }
    // Not the image's /dev/null, which may be a link to anything (CVE-2025-31133), nor the host's, whose mode is not to be changed.
    let isDirectory = try Files.status(place.raw, path).mode & FileType.mask == FileType.directory
    let cover = try copy(of: isDirectory ? Blank.directory : Blank.null)
    try attach(cover.raw, place.raw, path)
  }

  /// Opens the container's own null device in place of podshim's. A container that has none keeps podshim's, which is read-only.
  func takeNull() {
    for number: Int32 in 0...2 {
      guard let standard = try? Files.status(number, "stdio"), isNullDevice(standard),
        let own = try? resolve("/dev/null", Open.path, extra: Resolve.noSymlinks),
        let found = try? Files.status(own.raw, "/dev/null"),
        isNullDevice(found), let file = try? resolve("/dev/null", Open.readWrite | Open.noTerminal, extra: Resolve.noSymlinks),
        let opened = try? Files.status(file.raw, "/dev/null"), isNullDevice(opened)
      else { continue }
      _ = cl_dup_to(file.raw, number)
    }
  }

  func makeReadOnly(_ path: String) throws(CallError) {
    guard let place = try resolve(path) else { return }
    let tree = Descriptor(
      adopting: try check(
        unsafe cl_open_tree(
          place.raw, "", MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec | At.recursive | At.emptyPath), "open_tree", path))
    try check(
      unsafe cl_mount_setattr(tree.raw, "", At.emptyPath | At.recursive, MountFlag.attributeReadOnly, 0, 0, -1), "mount_setattr",
      path)
    try attach(tree.raw, place.raw, path)
  }

  func makeNode(_ path: String, _ mode: UInt32, _ major: UInt32, _ minor: UInt32, _ uid: UInt32, _ gid: UInt32) throws(CallError) {
    let (parent, name) = try makeParent(of: path)
    let directory = Descriptor(adopting: parent)
    var made = unsafe cl_mknodat(directory.raw, name, mode, major, minor)
    if made == -Errno.exists {
      try check(unsafe cl_unlinkat(directory.raw, name, 0), "unlinkat", path)
      made = unsafe cl_mknodat(directory.raw, name, mode, major, minor)
    }
    try check(made, "mknodat", path)
    if uid != 0 || gid != 0 { try check(unsafe cl_lchownat(directory.raw, name, uid, gid), "fchownat", path) }
  }

  func makeSymlink(_ target: String, _ path: String) throws(CallError) {
    let (parent, name) = try makeParent(of: path)
    let directory = Descriptor(adopting: parent)
    let made = unsafe cl_symlinkat(target, directory.raw, name)
    if made != -Errno.exists { try check(made, "symlinkat", path) }
  }
}
