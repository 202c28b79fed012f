import LinuxSystem
import Testing

@Suite("Waiting at most so long")
struct PatienceTests {
  @Test("gives the result in time, and does not wait for work that cannot be cancelled", .timeLimit(.minutes(5)))
  func waits() async {
    #expect(await waiting(atMost: .seconds(30)) { 7 } == 7)
    let (late, continuation) = AsyncStream.makeStream(of: Void.self)
    let stuck = Task { for await _ in late { break } }
    let result: Void? = await waiting(atMost: .milliseconds(10)) { await stuck.value }
    #expect(result == nil)
    continuation.finish()
  }
}
