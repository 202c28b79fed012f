import Glibc
import LinuxSystem
import Testing

@Suite("limits of the process") struct ProcessLimitsTests {
  @Test("the limit of descriptors is raised to the hard one; a started process has the one from before", .timeLimit(.minutes(5)))
  func descriptors() async throws {
    var before = rlimit()
    #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0)
    #expect(try ProcessLimits.raiseDescriptorLimit() == before.rlim_max)
    var after = rlimit()
    #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &after) == 0)
    #expect(after.rlim_cur == before.rlim_max)
    // A shell with the socket as its descriptor 3 tells its limit through it.
    let (ours, theirs) = try UnixStream.pair()
    let shell = try SealedExecutable(copying: "/bin/sh")
    let process = try shell.spawn(
      arguments: ["sh", "-c", "ulimit -Sn >&3"], environment: [], cgroup: nil, socket: theirs.duplicate())
    let answer = try ours.receive()
    #expect(String(decoding: answer.bytes, as: UTF8.self) == "\(before.rlim_cur)\n")
    try await process.waitForExit()
  }
}
