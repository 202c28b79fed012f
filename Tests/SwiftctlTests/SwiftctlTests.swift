import Foundation
import Testing

@testable import swiftctl

@Suite("swiftctl") struct SwiftctlTests {
  @Test(
    "a port that makes no sense is told, not trapped",
    arguments: ["", "/", "80", "80:/udp", "80:90/udp/x", "0:80", "a:b", "80:90/icmp"])
  func ports(text: String) { #expect(throws: Failure.self) { try RunCommand.port(text) } }

  @Test("a cell is one line, and a long one moves its own row only") func table() {
    var table = Table(["NAME", "MESSAGE"])
    table.add(["a", "one\ntwo\tthree"])
    table.add([String(repeating: "n", count: 300), "x"])
    let lines = table.text().split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1] == "a" + String(repeating: " ", count: 66) + "one two three")
    #expect(lines[2].count == 304)
  }

  @Test("a closed pipe ends the program quietly") func closedPipe() async {
    await #expect(processExitsWith: .exitCode(128 + SIGPIPE)) {
      signal(SIGPIPE, SIG_IGN)
      let pipe = Pipe()
      dup2(pipe.fileHandleForWriting.fileDescriptor, 1)
      try pipe.fileHandleForReading.close()
      Terminal.write(String(repeating: "x", count: 1 << 20))
    }
  }
}
