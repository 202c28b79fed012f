import CLinux

extension Interpreter {
  func joinNamespaces(_ slot: UInt8, _ flags: UInt32) throws(CallError) {
    let descriptor: Int32
    if slot == 255 {
      descriptor = context.processFD
    } else if Int(slot) < context.slots.count {
      descriptor = context.slots[Int(slot)]
    } else {
      descriptor = -1
    }
    try check(cl_setns(descriptor, flags), "setns", "slot " + decimal(slot))
    if flags & Namespace.user != 0 { try becomeNamespaceRoot() }
    // Joining and changing ids may alter it: still nothing for those who live in there (CVE-2016-9962).
    _ = cl_prctl(Prctl.setDumpable, 0, 0)
  }

  /// Writes a file of the private procfs. Neither symlinks nor mounts inside it are followed, and what was opened must be procfs
  /// (CVE-2019-16884, CVE-2025-52881).
  func writeKernelFile(_ path: String, _ value: String) throws(CallError) {
    let resolve = Resolve.beneath | Resolve.noSymlinks | Resolve.noMagicLinks | Resolve.noCrossDevice
    let flags = UInt64(Open.writeOnly | Open.closeOnExec)
    var opened = unsafe cl_openat2(procfs, path, flags, 0, resolve)
    if opened == -Errno.access, context.newUserNamespace {
      // The files of a process that is not dumpable belong to the host's root, who has no name in here.
      _ = cl_prctl(Prctl.setDumpable, 1, 0)
      opened = unsafe cl_openat2(procfs, path, flags, 0, resolve)
      _ = cl_prctl(Prctl.setDumpable, 0, 0)
    }
    let file = Descriptor(adopting: try check(opened, "openat2", "/proc/" + path))
    guard cl_fstatfs_type(file.raw) == Magic.procfs else { throw CallError("fstatfs", Errno.invalid, "/proc/" + path) }
    try check(Files.write(value, to: file.raw), "write", "/proc/" + path)
  }

  func setOOMScore(_ value: Int32, _ optional: Bool) throws(CallError) {
    let result = oomScore < 0 ? Int64(oomScore) : Files.write(decimal(value), to: oomScore)
    if !(optional && result == Int64(-Errno.access)) { try check(result, "write", "oom_score_adj") }
  }

  func setAppArmor(_ profile: String) throws(CallError) {
    let path = decimal(cl_getpid()) + "/attr/"
    do throws(CallError) {
      try writeKernelFile(path + "apparmor/exec", "exec " + profile)
    } catch {
      // Before Linux 5.8 the module has no directory of its own.
      guard error.call == "openat2", error.code == Errno.noEntry else { throw error }
      try writeKernelFile(path + "exec", "exec " + profile)
    }
  }

  /// The caller's ids become 0 of the user namespace, so that files it makes belong to that root.
  func becomeNamespaceRoot() throws(CallError) {
    try check(cl_setresgid(0), "setresgid", "0")
    try check(cl_setresuid(0), "setresuid", "0")
  }

  /// Before anything is joined: afterwards this process is not allowed to. Files and devices passed from elsewhere keep their owner.
  func giveStreams(to user: UInt32) {
    for number: Int32 in 0...2 {
      guard let status = try? Files.status(number, "stdio"), status.mode & FileType.mask == FileType.pipe else { continue }
      _ = cl_fchown(number, user, UInt32.max)
    }
  }

  func setUser(_ user: UInt32) throws(CallError) {
    // The process must be able to reopen /dev/stdout and its terminal. Files and devices passed from elsewhere keep their owner.
    for number: Int32 in 0...2 {
      guard let status = try? Files.status(number, "stdio") else { continue }
      if status.mode & FileType.mask == FileType.pipe || cl_fstatfs_type(number) == Magic.devpts {
        _ = cl_fchown(number, user, UInt32.max)
      }
    }
    try check(cl_setresuid(user), "setresuid", decimal(user))
  }

  func dropBounding(_ keep: UInt64) throws(CallError) {
    for capability: UInt64 in 0..<64 where keep & (1 << capability) == 0 {
      let result = cl_prctl(Prctl.dropBounding, capability, 0)
      if result == -Errno.invalid { return }  // past the kernel's last capability
      try check(result, "prctl", "PR_CAPBSET_DROP " + decimal(capability))
    }
  }

  func setAmbient(_ set: UInt64) throws(CallError) {
    try check(cl_prctl(Prctl.ambient, 4, 0), "prctl", "PR_CAP_AMBIENT_CLEAR_ALL")
    for capability: UInt64 in 0..<64 where set & (1 << capability) != 0 {
      try check(cl_prctl(Prctl.ambient, 2, capability), "prctl", "PR_CAP_AMBIENT_RAISE " + decimal(capability))
    }
  }

  mutating func loadFilter(_ flags: UInt32, _ program: [UInt8]) throws(CallError) {
    guard program.count % 8 == 0, !program.isEmpty, program.count / 8 <= 4096 else {
      throw CallError("seccomp", Errno.invalid, "program of " + decimal(program.count) + " bytes")
    }
    try seal()
    try check(unsafe cl_seccomp_filter(flags, program, UInt16(program.count / 8)), "seccomp")
  }

  /// Nothing above 2 reaches the container (CVE-2024-21626).
  mutating func seal() throws(CallError) {
    if sealed { return }
    if joins {
      // Who is already in the pid namespace could take them before execve closes them.
      try openTerminal()
      root = -1
      procfs = -1
      if channel.raw > 3 { try check(cl_close_range(3, UInt32(channel.raw - 1), 0), "close_range") }
      try check(cl_close_range(UInt32(channel.raw + 1), UInt32.max, 0), "close_range")
    } else {
      try check(cl_close_range(3, UInt32.max, 4), "close_range")
    }
    for signal: Int32 in 1...64 where signal != 9 && signal != 19 { _ = cl_default_signal(signal) }
    sealed = true
  }
}
