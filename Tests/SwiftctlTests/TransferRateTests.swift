import ArgumentParser
import RuntimeAPI
import Testing

@testable import swiftctl

@Suite("swiftctl pull") struct TransferRateTests {
  @Test("the rate is that of the last seconds, and tells how long the rest takes") func rate() {
    var rate = TransferRate()
    let start = ContinuousClock.now
    rate.add(0, at: start)
    #expect(rate.text(total: 100) == "")
    rate.add(1_000_000, at: start + .milliseconds(50))
    // Too short a time to say anything.
    #expect(rate.perSecond == nil)
    for second in 1...10 { rate.add(UInt64(second) * 1_000_000, at: start + .seconds(second)) }
    #expect(rate.text(total: 40_000_000) == " 1MB/s, 30 s left")
    #expect(rate.text(total: 0) == " 1MB/s")
    #expect(rate.text(total: 1_010_000_000) == " 1MB/s, 16 min left")
    // Old samples do not count: it became ten times as fast.
    for second in 11...20 { rate.add(UInt64(10 + (second - 10) * 10) * 1_000_000, at: start + .seconds(second)) }
    #expect(rate.text(total: 0) == " 10MB/s")
  }

  @Test("credentials: the flags, then the environment; one of them") func credentials() throws {
    func auth(_ arguments: [String], _ environment: String? = nil) throws -> RegistryAuth? {
      try PullCommand.parse(arguments + ["busybox"]).credentials(environment: environment)
    }
    #expect(try auth([]) == nil)
    #expect(try auth(["--creds", "me:a:b"], "you:c") == RegistryAuth(username: "me", password: "a:b"))
    #expect(try auth([], "you:c") == RegistryAuth(username: "you", password: "c"))
    #expect(try auth(["--auth", "eDp5"], "you:c") == RegistryAuth(auth: "eDp5"))
    #expect(throws: (any Error).self) { try auth(["--auth", "eDp5", "--creds", "a:b"]) }
    #expect(throws: (any Error).self) { try auth(["--creds", "nobody"]) }
  }
}
