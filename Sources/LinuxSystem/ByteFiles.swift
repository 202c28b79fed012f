import Glibc

/// Writes a file that only root reads, so that a reader sees all of it or what was there before. Not synced: for directories that do not
/// outlive the machine.
public func writePrivateFile(_ path: String, _ bytes: [UInt8]) throws(SystemCallError) {
  let partial = path + ".partial"
  let file = OwnedDescriptor(
    adopting: try systemCall("open", on: partial) {
      unsafe open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    })
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("write", on: partial) { unsafe rest.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) } }
    }
    rest = rest.dropFirst(count)
  }
  _ = try systemCall("rename", on: path) { unsafe rename(partial, path) }
}
