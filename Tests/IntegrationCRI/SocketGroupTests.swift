import AgentSupport
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("The socket of the CRI", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct SocketGroupTests {
  @Test("is open to the group that was named, and to nobody else")
  func group() async throws {
    let directory = "/tmp/swiftlet-socket-\(getpid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    unsafe chmod(directory, 0o755)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let socket = "\(directory)/cri.sock"
    var options = AgentFixture.Options(images: [], arguments: ["--cri-socket", socket, "--cri-socket-group", "54321"])
    options.runtimeOnly = true
    try await AgentFixture.with(options) { _ in
      let attributes = try FileManager.default.attributesOfItem(atPath: socket)
      #expect(attributes[.groupOwnerAccountID] as? Int == 54321 && attributes[.posixPermissions] as? Int == 0o660)
      #expect(try Self.connect(socket, user: 65534, groups: [54321]) == 0)
      #expect(try Self.connect(socket, user: 65534, groups: [65534]) == EACCES)
    }
  }

  @Test(
    "has its group refused with a reason when there is none, or when its members could not reach it",
    arguments: [
      (["--cri-socket", "/tmp/x.sock", "--cri-socket-group", "no-such-group"], "no such group in /etc/group"),
      (["--cri-socket-group", "root"], "name a place with --cri-socket"),
    ])
  func refused(_ arguments: [String], _ words: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Products.path("swiftlet"))
    process.arguments = arguments
    let errors = Foundation.Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 64 && text.contains(words), "\(text)")
  }

  /// What connect(2) says to a process with these ids: 0 or an errno.
  private static func connect(_ socket: String, user: UInt32, groups: [UInt32]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    process.arguments = [
      "--reuid", "\(user)", "--regid", "65534", "--groups", groups.map(String.init).joined(separator: ","), "--inh-caps=-all",
      "/usr/bin/perl", "-MSocket", "-e",
      "socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 99; connect(S, sockaddr_un($ARGV[0])) ? exit 0 : exit $!+0", socket,
    ]
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
