import Glibc
import LinuxSystem
import Testing

@Suite("A program of the host", .timeLimit(.minutes(5)))
struct HostProgramTests {
  @Test("gives its exit status, or 128 and the signal that ended it")
  func status() throws {
    #expect(try HostProgram.run("/bin/sh", ["-c", "exit 0"], atMost: .seconds(250)) == 0)
    #expect(try HostProgram.run("/bin/sh", ["-c", "exit 3"], atMost: .seconds(250)) == 3)
    #expect(try HostProgram.run("/bin/sh", ["-c", "kill -9 $$"], atMost: .seconds(250)) == 137)
  }

  @Test("is killed when it takes too long")
  func deadline() throws {
    let error = #expect(throws: SystemCallError.self) {
      try HostProgram.run("/bin/sleep", ["1000"], atMost: .milliseconds(100))
    }
    #expect(error?.code == ETIMEDOUT)
  }
}
