import CLinux

extension Interpreter {
  func changeDirectory(_ path: String, _ create: Bool) throws(CallError) {
    let directory: Descriptor
    if create {
      directory = try makePath(path, directory: true)
    } else if let found = try resolve(path, Open.path | Open.directory) {
      directory = found
    } else {
      throw CallError("chdir", Errno.noEntry, path)
    }
    try check(cl_fchdir(directory.raw), "fchdir", path)
    // The kernel says "(unreachable)" for a directory outside the root (CVE-2024-21626).
    var bytes = [CChar](repeating: 0, count: 4096)
    try check(unsafe cl_getcwd(&bytes, 4096), "getcwd", path)
    guard bytes[0] == 0x2F else { throw CallError("getcwd", Errno.noEntry, path + " lies outside the container") }
  }

  /// Returns only by throwing.
  mutating func execute(_ candidates: [String], _ arguments: [String], _ environment: [String]) throws(CallError) {
    try seal()
    if !umaskWasSet { _ = cl_umask(0o022) }
    _ = cl_block_signals(0)
    channel.send(.executing)
    var failure = CallError("execve", Errno.noEntry, candidates.first ?? "")
    unsafe withVector(arguments) { argv in
      unsafe withVector(environment) { envp in
        for candidate in candidates {
          let result = unsafe cl_execve(candidate, argv, envp)
          // As execvp(3): a file that may not be run is remembered, one that is not there is not worth reporting over it.
          if -result == Errno.noEntry || -result == Errno.notDirectory {
            let existing = missingInterpreter(candidate)
            if !existing.isEmpty {
              failure = CallError("execve", -result, existing)
              return
            }
            continue
          }
          failure = CallError("execve", -result, candidate)
          if -result != Errno.access { return }
        }
      }
    }
    throw failure
  }

  /// Lends a null-terminated vector of C strings; the process is about to end one way or the other, so nothing is freed.
  private func withVector(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Void) {
    let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (number, string) in strings.enumerated() {
      let count = string.utf8.count
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
      var position = 0
      for byte in string.utf8 {
        unsafe copy[position] = CChar(bitPattern: byte)
        position += 1
      }
      unsafe copy[count] = 0
      unsafe (vector + number).initialize(to: copy)
    }
    unsafe (vector + strings.count).initialize(to: nil)
    unsafe body(UnsafePointer(vector))
  }

  /// For a file that exists although execve says ENOENT: what it needs, as `elf:/lib/ld.so` or `shebang:/bin/foo`. "" when the file
  /// itself is missing.
  private func missingInterpreter(_ path: String) -> String {
    guard let file = try? Files.open(path, Open.readOnly), let header = Files.read(file.raw, limit: 4096) else { return "" }
    return ExecutableHeader.interpreter(header)
  }
}
