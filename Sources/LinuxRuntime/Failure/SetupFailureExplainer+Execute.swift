import ShimCore

extension SetupFailureExplainer {
  static func executeHint(_ candidates: [String], _ arguments: [String], _ context: Context) -> String {
    if let path = remainder(context.detail, after: "elf:") {
      return "the file is there, but the ELF interpreter '\(path)' it was linked for is not in the image: "
        + "a program for another C library or architecture"
    }
    if let path = remainder(context.detail, after: "shebang:") {
      // Unicode makes "\r" a character of its own or part of "\r\n".
      if path.utf8.last == 13 {
        return "the first line of the script ends in a carriage return, so its interpreter would be '\(path)': "
          + "save the script with Unix line ends (LF, not CRLF)"
      }
      return "the script is there, but the interpreter '\(path)' named in its first line is not in the image"
    }
    let file = context.detail.isEmpty ? candidates.first ?? "" : context.detail
    switch context.code {
    case Errno.noEntry:
      if candidates.count == 1, candidates[0] == arguments.first { return "there is no such file in the image or its volumes" }
      let directories = candidates.map {
        $0.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      }
      return "executable file not found in $PATH (\(directories.map { $0.isEmpty ? "/" : $0 }.joined(separator: ":")))"
    case Errno.notDirectory: return "a part of the path is a file"
    case Errno.access: return accessHint(file, context)
    case Errno.notPermitted:
      return "the file has capabilities or a set-id bit the container may not gain, or a security module forbids it"
    case Errno.execFormat:
      return "the file is made for another architecture than this node's (\(SeccompProfile.machine)), is empty, "
        + "or is a script whose first line does not start with #!"
    case Failure.argumentsTooBig:
      return "arguments and environment together are larger than the kernel takes (a quarter of the stack limit)"
    case Failure.textBusy: return "somebody has the file open for writing"
    case Failure.noMemory: return "the memory limit is too small to load it"
    case Errno.again: return "the user has as many processes as RLIMIT_NPROC allows"
    case Failure.badLibrary, Errno.invalid: return "the file is damaged, or its ELF interpreter is"
    case Errno.loop: return "symbolic links lead in a circle, or scripts name each other as interpreters"
    case Failure.nameTooLong: return "the name is longer than the kernel takes"
    case Failure.isDirectory: return "its ELF interpreter is a directory"
    default: return ""
    }
  }

  private static func accessHint(_ file: String, _ context: Context) -> String {
    if let mount = context.mount(of: file), mount.attributes & Kernel.attributeNoExec != 0 {
      return "'\(file)' lies on '\(mount.target)', which is mounted noexec"
    }
    let user = context.user.map { "user \($0)" } ?? "the container's user"
    return
      "\(user) may not execute '\(file)': it lacks execute permission (chmod +x), is a directory, or lies on a file system mounted noexec"
  }

  private static func remainder(_ text: String, after prefix: String) -> String? {
    text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
  }
}
