import NIOCore
import Testing

@testable import GRPCTransport

@Suite("gRPC on the wire") struct WireFormatTests {
  @Test(
    "grpc-message is percent-encoded outside printable ASCII",
    arguments: [
      ("plain words", "plain words"), ("100 %", "100 %25"), ("a\nb", "a%0Ab"), ("ä", "%C3%A4"), ("", ""),
    ])
  func messages(text: String, encoded: String) {
    #expect(StatusMessage.encode(text) == encoded)
    #expect(StatusMessage.decode(encoded) == text)
  }

  @Test("a message that no client would take is cut between characters", arguments: ["x", "ä", "%", "👩‍👩‍👧"])
  func longMessages(_ text: String) {
    let message = String(repeating: text, count: 100_000)
    let encoded = StatusMessage.encode(message)
    #expect(encoded.utf8.count <= StatusMessage.maximumBytes && encoded.utf8.count > 4096)
    let decoded = StatusMessage.decode(encoded)
    #expect(decoded.hasSuffix("...") && message.hasPrefix(decoded.dropLast(3)))
    let fits = String(repeating: "x", count: StatusMessage.maximumBytes)
    #expect(StatusMessage.encode(fits) == fits)
  }

  @Test("an invalid escape is kept as it is", arguments: ["%", "%4", "%zz", "a%"])
  func invalidEscapes(text: String) { #expect(StatusMessage.decode(text) == text) }

  @Test("lower case escapes are understood") func lowerCase() { #expect(StatusMessage.decode("%c3%a4") == "ä") }

  @Test(
    "a timeout is at most eight digits and a unit",
    arguments: [
      (Int64(0), "0n"), (1, "1n"), (99_999_999, "99999999n"), (100_000_000, "100000u"), (100_000_001, "100001u"),
      (120_000_000_000, "120000m"), (-5, "0n"),
    ])
  func timeouts(nanoseconds: Int64, text: String) { #expect(CallTimeout.encode(.nanoseconds(nanoseconds)) == text) }

  @Test(
    "timeouts are read",
    arguments: [
      ("1n", Int64(1)), ("2u", 2000), ("3m", 3_000_000), ("4S", 4_000_000_000), ("5M", 300_000_000_000),
      ("1H", 3_600_000_000_000), ("99999999H", 3_153_600_000_000_000_000),
    ])
  func readTimeouts(text: String, nanoseconds: Int64) { #expect(CallTimeout.decode(text) == .nanoseconds(nanoseconds)) }

  @Test("what is no timeout is refused", arguments: ["", "S", "1", "1s", "-1S", "123456789S", "1.5S", "٣S"])
  func badTimeouts(text: String) { #expect(CallTimeout.decode(text) == nil) }

  @Test("a message is taken when it is whole, and not before") func framing() throws {
    var buffer = ByteBuffer(bytes: [0, 0, 0, 0])
    #expect(try MessageFraming.nextMessage(in: &buffer, limit: 10) == nil)
    buffer.writeBytes([3, 1, 2])
    #expect(try MessageFraming.nextMessage(in: &buffer, limit: 10) == nil)
    buffer.writeBytes([3, 9])
    #expect(try MessageFraming.nextMessage(in: &buffer, limit: 10) == ByteBuffer(bytes: [1, 2, 3]))
    #expect(buffer.readableBytes == 1)
  }

  @Test("a message over the limit is refused at its prefix") func tooLarge() {
    var buffer = ByteBuffer(bytes: [0, 0, 0, 0, 11])
    let error = #expect(throws: GRPCStatus.self) { try MessageFraming.nextMessage(in: &buffer, limit: 10) }
    #expect(error?.code == .resourceExhausted)
  }

  @Test("a compressed message is refused") func compressed() {
    var buffer = ByteBuffer(bytes: [1, 0, 0, 0, 0])
    #expect(throws: GRPCStatus.self) { try MessageFraming.nextMessage(in: &buffer, limit: 10) }
  }
}
