import LinuxSystem
import RuntimeAPI

/// The files of a checkpoint, in the order and by the names that containerd and CRI-O give them.
struct CheckpointFiles: Sendable {
  /// Where they are made; removed at the end.
  var directory: String
  /// The container's writable layer.
  var upper: String
  /// Of the container; empty: it has none.
  var log: String
  /// Of the archive.
  var location: String
  /// What the agent itself knows, by name.
  var documents: [(name: String, text: String)]

  var images: String { "\(directory)/checkpoint" }
  private var layer: String { "\(directory)/rootfs-diff.tar" }
  private var partial: String { location + ".partial" }
  /// Of a log that nobody rotates.
  private static let maximumLog = 64 << 20
  /// For one that hangs: a dump that is slow is waited for, as ending criu could end the container.
  private static let patience = Duration.seconds(600)

  /// Blocking. A failure, and a result that nobody wants any more, leave nothing.
  func make(dump: CriuDump, _ programs: CheckpointPrograms, isWanted: () -> Bool) throws {
    defer { try? removeTree(directory) }
    // Of an agent that died.
    try removeTree(directory)
    try makeDirectory(directory, mode: 0o700)
    try makeDirectory(images, mode: 0o700)
    let status = try HostProgram.run(
      programs.nsenter, dump.entry + [programs.criu] + dump.arguments, atMost: Self.patience)
    guard status == 0 else {
      let log = (try? readFileEnd("\(directory)/\(CriuDump.log)", limit: 1 << 20)) ?? []
      let reason = CriuDump.reason(log: String(decoding: log, as: UTF8.self))
      throw RuntimeError(.unknown, "criu ended with \(status): \(reason ?? "it says nothing; try `criu check`")")
    }
    for (name, text) in documents { try writeFile("\(directory)/\(name)", text, mode: 0o600) }
    // One that a client removed or never opened is none, and one that a pod with the directory of logs turned into a link to something else.
    if !log.isEmpty, let bytes = try? readFileEnd(log, limit: Self.maximumLog, followsLinks: false) {
      try HostFiles.write(bytes, to: "\(directory)/container.log")
    }
    // The container goes on writing: 1 means that a file changed meanwhile.
    try archive(programs.tar, into: layer, ["--xattrs", "--xattrs-include=*", "--sparse", "-C", upper, "."], allowing: [0, 1])
    try makePartial()
    do {
      try archive(programs.tar, into: partial, ["-C", directory] + (try listDirectory(directory)).sorted(), allowing: [0])
      guard isWanted() else { throw RuntimeError(.cancelled, "nobody waits for the checkpoint any more") }
      try HostFiles.rename(partial, to: location)
    } catch {
      try? HostFiles.remove(partial)
      throw error
    }
  }

  /// Root's alone before anything is in it: memory of a container has its secrets.
  private func makePartial() throws {
    try? HostFiles.remove(partial)
    do { try HostFiles.write([], to: partial) } catch {
      throw RuntimeError(.invalidArgument, "location: cannot write \(partial): \(error.reason)")
    }
  }

  private func archive(_ tar: String, into file: String, _ what: [String], allowing: Set<Int32>) throws {
    let status = try HostProgram.run(tar, ["--create", "--numeric-owner", "--file", file] + what, atMost: Self.patience)
    guard allowing.contains(status) else { throw RuntimeError(.unknown, "tar ended with \(status) while it wrote \(file)") }
  }
}
