import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import TestSupport
import Testing

@testable import PodRuntime

/// A script stands for criu: what it makes of a container is not looked at here.
@Suite("The archive of a checkpoint", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct CheckpointFilesTests {
  private static func files(_ base: String) throws -> CheckpointFiles {
    for name in ["c", "upper/etc"] {
      try FileManager.default.createDirectory(atPath: "\(base)/\(name)", withIntermediateDirectories: true)
    }
    try Data("changed".utf8).write(to: URL(fileURLWithPath: "\(base)/upper/etc/file"))
    try Data("a line\n".utf8).write(to: URL(fileURLWithPath: "\(base)/0.log"))
    return CheckpointFiles(
      directory: "\(base)/c/checkpoint", upper: "\(base)/upper", log: "\(base)/0.log", location: "\(base)/out.tar",
      documents: [("config.dump", "{}"), ("spec.dump", "{}"), ("status.dump", "{}")])
  }

  private static func programs(_ base: String, _ script: String) throws -> CheckpointPrograms {
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: "\(base)/criu"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(base)/criu")
    var programs = try CheckpointPrograms.find(in: ["/usr/bin", "/bin", base])
    programs.criu = "\(base)/criu"
    return programs
  }

  private static let dump = CriuDump(
    process: getpid(), images: "", work: "", mountInfo: "", podProcessNamespace: nil, hasTerminal: false)

  private static func names(_ archive: String) throws -> [String] {
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/bin/tar")
    tar.arguments = ["--list", "--file", archive]
    let output = Foundation.Pipe()
    tar.standardOutput = output
    try tar.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tar.waitUntilExit()
    return text.split(separator: "\n").map(String.init)
  }

  @Test("has what containerd's and CRI-O's have, and is root's alone; what it was made of is gone") func whole() throws {
    try ScratchDirectory.with { scratch in
      let base = scratch.path
      let files = try Self.files(base)
      let script =
        "echo image > \(files.images)/core-1.img; echo log > \(files.directory)/dump.log; echo s > \(files.directory)/stats-dump"
      try files.make(dump: Self.dump, try Self.programs(base, script), isWanted: { true })
      #expect(
        try Self.names(files.location) == [
          "checkpoint/", "checkpoint/core-1.img", "config.dump", "container.log", "dump.log", "rootfs-diff.tar", "spec.dump",
          "stats-dump", "status.dump",
        ])
      #expect(FileFacts.at(files.location)?.mode == 0o600)
      #expect(FileFacts.at(files.directory) == nil && FileFacts.at(files.location + ".partial") == nil)
    }
  }

  @Test(
    "is not there when the dump failed, the place cannot be written, or nobody waits any more",
    arguments: ["dump", "place", "late"])
  func failure(_ what: String) throws {
    try ScratchDirectory.with { scratch in
      let base = scratch.path
      var files = try Self.files(base)
      let script =
        what == "dump" ? "echo '(00.1) Error (criu/x.c:1): no luck' > \(files.directory)/dump.log; exit 3" : "exit 0"
      if what == "place" { files.location = "\(base)/nowhere/out.tar" }
      let error = #expect(throws: RuntimeError.self) {
        try files.make(dump: Self.dump, try Self.programs(base, script), isWanted: { what != "late" })
      }
      let codes: [String: RuntimeError.Code] = ["dump": .unknown, "place": .invalidArgument, "late": .cancelled]
      #expect(error?.code == codes[what])
      if what == "dump" { #expect(error?.message.contains("no luck") == true) }
      for path in [files.directory, files.location, files.location + ".partial"] { #expect(FileFacts.at(path) == nil, "\(path)") }
    }
  }
}
