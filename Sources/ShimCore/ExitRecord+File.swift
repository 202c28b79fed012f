import CLinux

extension ExitRecord {
  /// The content of an exit record file: `key=value` lines, readable by a person with cat(1).
  public func fileContent() -> [UInt8] {
    var text = "version=1\nid=" + id + "\n"
    text += "exit_code=" + decimal(exitCode) + "\n"
    text += "signal=" + decimal(signal) + "\n"
    text += "oom_killed=" + (oomKilled ? "true" : "false") + "\n"
    text += "finished_at=" + decimal(finishedAt) + "\n"
    text += "started_at=" + decimal(startedAt) + "\n"
    return Array(text.utf8)
  }

  /// Reads `fileContent`. Unknown keys are skipped, a missing or damaged one is an error.
  public init(fileContent: [UInt8]) throws(CodecError) {
    var id: String?
    var values: [Int64?] = [nil, nil, nil]
    var oom: Bool?
    var started: Int64 = 0
    for line in fileContent.split(separator: UInt8(ascii: "\n")) {
      guard let separator = line.firstIndex(of: UInt8(ascii: "=")) else { throw .malformed }
      let key = String(decoding: line[..<separator], as: UTF8.self)
      let value = String(decoding: line[(separator + 1)...], as: UTF8.self)
      switch key {
      case "id": id = value
      case "exit_code": values[0] = Int64(value)
      case "signal": values[1] = Int64(value)
      case "finished_at": values[2] = Int64(value)
      case "started_at": started = Int64(value) ?? 0
      case "oom_killed": oom = value == "true" ? true : value == "false" ? false : nil
      default: break
      }
    }
    guard let id, let oom, let code = values[0], let signal = values[1], let finished = values[2],
      let exitCode = Int32(exactly: code), let signalNumber = Int32(exactly: signal)
    else { throw .truncated }
    self.init(id: id, exitCode: exitCode, signal: signalNumber, oomKilled: oom, finishedAt: finished, startedAt: started)
  }

  /// Writes the record so that a reader, even after a power loss, sees all of it or nothing: temporary file, fsync, rename.
  public func write(to path: String) throws(CallError) {
    let temporary = path + ".tmp"
    let file = try Files.open(temporary, Open.writeOnly | Open.create | Open.truncate, mode: 0o600)
    let bytes = fileContent()
    let written = try check(unsafe cl_write(file.raw, bytes, bytes.count), "write", temporary)
    guard written == bytes.count else { throw CallError("write", Errno.inputOutput, temporary) }
    try check(cl_fsync(file.raw), "fsync", temporary)
    try check(unsafe cl_renameat(At.workingDirectory, temporary, At.workingDirectory, path), "rename", path)
  }
}
