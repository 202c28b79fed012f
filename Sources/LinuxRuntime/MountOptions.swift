/// The options of an OCI mount, sorted by what they mean to the kernel. Source: runtime-spec config.md, "Linux mount options".
struct MountOptions: Equatable {
  var bind = false
  var recursiveBind = false
  var set: UInt64 = 0
  var clear: UInt64 = 0
  /// `rro` and its kind: the attributes hold for the whole tree.
  var attributesRecursive = false
  /// MS_PRIVATE ..., with MS_REC, or 0.
  var propagation: UInt64 = 0
  /// What the file system itself understands.
  var data: [String] = []

  init(_ options: [String], at destination: String) throws(LinuxRuntimeError) {
    for option in options {
      switch option {
      case "bind": bind = true
      case "rbind": (bind, recursiveBind) = (true, true)
      case "ro": on(Kernel.attributeReadOnly)
      case "rw": off(Kernel.attributeReadOnly)
      case "rro":
        on(Kernel.attributeReadOnly)
        attributesRecursive = true
      case "nosuid": on(Kernel.attributeNoSUID)
      case "suid": off(Kernel.attributeNoSUID)
      case "nodev": on(Kernel.attributeNoDevices)
      case "dev": off(Kernel.attributeNoDevices)
      case "noexec": on(Kernel.attributeNoExec)
      case "exec": off(Kernel.attributeNoExec)
      case "nosymfollow": on(Kernel.attributeNoSymlinkFollow)
      case "nodiratime": on(Kernel.attributeNoDirectoryAccessTime)
      case "diratime": off(Kernel.attributeNoDirectoryAccessTime)
      case "noatime": accessTime(Kernel.attributeNoAccessTime)
      case "strictatime": accessTime(Kernel.attributeStrictAccessTime)
      case "relatime": accessTime(0)
      case "private": propagation = Kernel.private
      case "rprivate": propagation = Kernel.private | Kernel.recursive
      case "slave": propagation = Kernel.slave
      case "rslave": propagation = Kernel.slave | Kernel.recursive
      case "shared": propagation = Kernel.shared
      case "rshared": propagation = Kernel.shared | Kernel.recursive
      case "unbindable": propagation = Kernel.unbindable
      case "runbindable": propagation = Kernel.unbindable | Kernel.recursive
      case "defaults", "atime", "norelatime", "nostrictatime", "async": break
      case "tmpcopyup", "idmap", "ridmap", "remount", "mand":
        throw LinuxRuntimeError(.unsupported, "mount option '\(option)' of \(destination) is not supported")
      default: data.append(option)
      }
    }
    if bind, let first = data.first {
      throw LinuxRuntimeError(.invalidSpec, "mount option '\(first)' of \(destination) has no meaning for a bind mount")
    }
  }

  private mutating func on(_ attribute: UInt64) {
    set |= attribute
    clear &= ~attribute
  }
  private mutating func off(_ attribute: UInt64) {
    clear |= attribute
    set &= ~attribute
  }
  private mutating func accessTime(_ value: UInt64) {
    clear |= Kernel.attributeAccessTime
    set = set & ~Kernel.attributeAccessTime | value
  }
}
