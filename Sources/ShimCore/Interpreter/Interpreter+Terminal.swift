import CLinux

extension Interpreter {
  /// For a process with a terminal: makes one in the container's own devpts, sends its controlling side to podshim and takes the other
  /// as 0, 1 and 2. Done once; nothing for other stdio modes.
  mutating func openTerminal() throws(CallError) {
    guard terminalNumber < 0, context.stdio == .terminal || context.stdio == .passedTerminal else { return }
    let path = "/dev/pts/ptmx"
    guard let master = try resolve(path, Open.readWrite | Open.noTerminal, extra: Resolve.noSymlinks) else {
      throw CallError("openat2", Errno.noEntry, path)
    }
    guard cl_fstatfs_type(master.raw) == Magic.devpts else { throw CallError("fstatfs", Errno.invalid, path) }
    try check(cl_terminal_unlock(master.raw), "ioctl", "TIOCSPTLCK")
    terminalNumber = try check(cl_terminal_number(master.raw), "ioctl", "TIOCGPTN")
    let peer = Descriptor(adopting: try check(cl_terminal_peer(master.raw), "ioctl", "TIOCGPTPEER"))
    for number: Int32 in 0...2 { try check(cl_dup_to(peer.raw, number), "dup2") }
    try channel.send(.terminal, descriptor: master.raw)
  }

  /// The target must be a plain file of the root, the source a device of its devpts: neither may be a link (CVE-2025-52565).
  mutating func bindConsole() throws(CallError) {
    try openTerminal()
    guard terminalNumber >= 0 else { throw CallError("open_tree", Errno.notTerminal, "/dev/console") }
    let path = "/dev/pts/" + decimal(terminalNumber)
    guard let device = try resolve(path, Open.path, extra: Resolve.noSymlinks) else {
      throw CallError("openat2", Errno.noEntry, path)
    }
    let status = try Files.status(device.raw, path)
    guard cl_fstatfs_type(device.raw) == Magic.devpts, status.mode & FileType.mask == FileType.character else {
      throw CallError("fstatfs", Errno.invalid, path)
    }
    let target: Descriptor
    if let existing = try resolve("/dev/console", Open.path | Open.noFollow, extra: Resolve.noSymlinks) {
      target = existing
    } else {
      target = try makePath("/dev/console", directory: false)
    }
    let kind = try Files.status(target.raw, "/dev/console").mode & FileType.mask
    guard kind == FileType.regular || kind == FileType.character, cl_fstatfs_type(target.raw) != Magic.procfs else {
      throw CallError("fstat", Errno.loop, "/dev/console is not a plain file")
    }
    let flags = MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec | At.emptyPath
    let tree = Descriptor(adopting: try check(unsafe cl_open_tree(device.raw, "", flags), "open_tree", path))
    try check(unsafe cl_move_mount(tree.raw, "", target.raw, "", MountFlag.moveBothEmpty), "move_mount", "/dev/console")
  }
}
