import ShimCore

extension SetupFailureExplainer {
  static func overlayHint(_ context: Context) -> String {
    switch context.code {
    case Errno.noEntry:
      return context.call == "move_mount" || context.call == "mount" && !context.detail.hasPrefix("lowerdir")
        ? "the directory to mount it on is missing"
        : "a layer, upper or work directory is missing on the node; if the image store is damaged, remove the image and pull it again"
    case Failure.noDevice: return "this kernel has no overlay file system (modprobe overlay)"
    case Errno.busy: return "the upper or work directory is in use by another mount"
    case Errno.invalid:
      return "overlayfs refuses these directories: too many layers (500 at most), or a file system that cannot be an upper layer "
        + "(another overlay, NFS); the kernel log names the reason"
    case Failure.argumentsTooBig, Failure.noMemory, Failure.nameTooLong:
      return "the image has more layers than one mount call can take"
    case Errno.loop: return "overlays are stacked too deep: does the node itself run on one?"
    case Failure.overflow: return "overlays are stacked too deep, or an id is not mapped"
    case Failure.readOnlyFileSystem: return "the file system of containers is read-only on the node"
    default: return mountHint(context)
    }
  }

  static func bindHint(_ mount: BindMount, _ context: Context) -> String {
    let source = ["open_tree", "openat", "fstat"].contains(context.call) || context.call == "openat2" && !mount.subPath.isEmpty
    if source {
      switch context.code {
      case Errno.noEntry:
        return mount.subPath.isEmpty
          ? "'\(mount.source)' does not exist on the node" : "'\(mount.source)' on the node has no '\(mount.subPath)' in it"
      case Errno.notDirectory: return "a part of '\(mount.source)' is a file on the node"
      case Errno.access: return "the agent may not reach '\(mount.source)' on the node"
      case Failure.crossDevice, Errno.loop: return "symbolic links in the subPath lead out of the volume or in a circle"
      case Errno.badDescriptor: return "the volume's mount was not passed to podshim"
      case Errno.invalid:
        return context.call == "fstat"
          ? "what is there on the node is not the kind of file it must be" : "its mount may not be copied (it is unbindable)"
      default: return mountHint(context)
      }
    }
    switch (context.call, context.code) {
    case ("move_mount", Errno.notDirectory), ("move_mount", Errno.invalid), ("mkdirat", Errno.notDirectory),
      ("openat2", Errno.notDirectory), (_, Failure.isDirectory):
      return
        "a directory cannot be mounted on a file nor a file on a directory: compare '\(mount.target)' in the image with the volume"
    case (_, Failure.readOnlyFileSystem):
      return "the mount point does not exist, and what it would be made on is read-only: make it in the image"
    case ("mount_setattr", Errno.notPermitted):
      return "options the volume's mount has on the node (ro, nosuid, nodev, noexec) may not be taken off inside a user namespace"
    case ("mount_setattr", Errno.invalid): return "the file system does not take these options or this propagation"
    case (_, Errno.loop): return "symbolic links at the mount point lead in a circle"
    default: return mountHint(context)
    }
  }

  static func fileSystemHint(_ type: String, _ target: String, _ context: Context) -> String {
    switch (context.call, context.code) {
    case ("fsopen", Failure.noDevice): return "this kernel has no file system of type '\(type)'"
    case (_, Errno.notPermitted) where type == "proc" || type == "sysfs":
      return "a user namespace may mount \(type) only while nothing covers parts of the one it sees"
    case ("fsconfig", Errno.invalid): return "the file system does not take the option '\(context.detail)'"
    case (_, Errno.loop):
      return "the image has a symbolic link on the way to '\(target)'; for \(type) that is refused (CVE-2019-16884)"
    case (_, Errno.busy): return "it is mounted elsewhere with other options"
    case (_, Failure.readOnlyFileSystem):
      return "the mount point does not exist, and what it would be made on is read-only: make it in the image"
    case (_, Errno.notDirectory): return "'\(target)' or a part of it is a file in the image"
    default: return mountHint(context)
    }
  }
}
