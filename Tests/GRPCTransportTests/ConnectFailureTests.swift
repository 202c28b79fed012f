import FoundationEssentials
import LinuxSystem
import NIOCore
import SwiftProtobuf
import Testing

@testable import GRPCTransport

@Suite("Sockets that cannot be reached") struct ConnectFailureTests {
  private func failure(_ path: String, in time: Duration = .seconds(200)) async -> GRPCStatus? {
    let client = GRPCClient(configuration: .init(socketPath: path, connectTimeout: .seconds(200)))
    do throws(GRPCStatus) {
      _ = try await client.unary("/a/b", Google_Protobuf_Empty(), returning: Google_Protobuf_Empty.self, timeout: time)
      return nil
    } catch {
      await client.close()
      return error
    }
  }

  @Test("The sentence says which socket and why, in words") func sentences() async throws {
    let directory = "/tmp/connect-\(UInt64.random(in: 0...UInt64.max))"
    try makeDirectory(directory, mode: 0o700)
    defer { try? removeTree(directory) }
    try writeFile("\(directory)/file", "x")
    func expect(_ path: String, _ reason: String) async {
      let status = await failure(path)
      #expect(status == GRPCStatus(.unavailable, "cannot connect to \(path): \(reason)"))
    }
    await expect("\(directory)/none.sock", "there is no such socket")
    await expect("\(directory)/file", "it is not a socket")
    await expect(directory, "it is a directory, not a socket")
    await expect("\(directory)/file/below.sock", "a part of the path is no directory")
    await expect("/tmp/" + String(repeating: "x", count: 200), "the path is longer than the 107 bytes that a socket's may have")
    _ = try UnixListener.listen("\(directory)/dead.sock", mode: 0o600, group: nil)
    await expect("\(directory)/dead.sock", "nobody listens there any more")
  }

  @Test("A permission that is missing is told as one") func permission() {
    let status = ConnectFailure.status(IOError(errnoCode: 13, reason: "connect"), path: "/run/x.sock")
    #expect(status == GRPCStatus(.permissionDenied, "cannot connect to /run/x.sock: permission denied"))
    #expect(
      ConnectFailure.reason(ChannelError.connectTimeout(.milliseconds(1500)), path: "/run/x.sock") == "no answer within 1.5 seconds"
    )
  }

  @Test("Who accepts and does not answer is named when the time is over") func mute() async throws {
    let directory = "/tmp/connect-\(UInt64.random(in: 0...UInt64.max))"
    try makeDirectory(directory, mode: 0o700)
    defer { try? removeTree(directory) }
    let mute = try UnixListener.listen("\(directory)/mute.sock", mode: 0o600, group: nil)
    #expect(
      await failure("\(directory)/mute.sock", in: .seconds(2))
        == GRPCStatus(.deadlineExceeded, "no answer from \(directory)/mute.sock in time"))
    _ = mute.release()
  }
}
