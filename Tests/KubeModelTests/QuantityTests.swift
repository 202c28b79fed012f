import Testing

@testable import KubeModel

@Suite("Quantity") struct QuantityTests {
  @Test(
    "text becomes the canonical form",
    arguments: [
      ("0", "0"), ("1", "1"), ("0.5", "500m"), ("500m", "500m"), ("1000m", "1"), ("1k", "1k"), ("1000", "1k"), ("64Mi", "64Mi"),
      ("1024Ki", "1Mi"), ("1.5Gi", "1536Mi"), ("0.5Ki", "512"), ("1e3", "1e3"), ("1E", "1E"), ("2E3", "2e3"), ("-1", "-1"),
      ("+5", "5"),
      ("100n", "100n"), ("0.0000000001", "1n"), (".5", "500m"), ("5.", "5"), ("1.25u", "1250n"), ("12e6", "12e6"),
      ("9223372036854775807", "9223372036854775807"), ("1e30", "9223372036854775807e0"),
    ])
  func canonical(text: String, expected: String) throws {
    let quantity = try #require(Quantity(text))
    #expect(quantity.description.replacing("e0", with: "") == expected.replacing("e0", with: ""))
    #expect(Quantity(quantity.description) == quantity)
  }

  @Test(
    "other text is refused",
    arguments: ["", " 1", "1 ", "Mi", "1MiB", "1.2.3", "one", "1e", "0x10", "--1", "1K", "1ki", "1m1", "e3", "."])
  func refused(text: String) { #expect(Quantity(text) == nil) }

  @Test("values round up")
  func rounding() {
    #expect(Quantity("1500m")?.value == 2)
    #expect(Quantity("0.0001")?.milliValue == 1)
    #expect(Quantity("1Gi")?.value == 1 << 30)
    #expect(Quantity("2")?.milliValue == 2000)
  }

  @Test("amounts add and compare exactly")
  func arithmetic() throws {
    let tenth = try #require(Quantity("0.1"))
    #expect(tenth + tenth + tenth == Quantity("300m"))
    #expect(try #require(Quantity("1Ki")) > 1000)
  }
}

@Suite("Time") struct TimeTests {
  @Test(
    "RFC 3339 is read to nanoseconds",
    arguments: [
      ("1970-01-01T00:00:00Z", 0, 0), ("2000-03-01T00:00:00Z", 951_868_800, 0), ("2024-02-29T12:00:00+02:00", 1_709_200_800, 0),
      ("2026-07-01T10:20:30.123456789Z", 1_782_901_230, 123_456_789), ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
    ])
  func reading(text: String, seconds: Int, nanoseconds: Int) {
    #expect(Time(text) == Time(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test("is written as Go writes it")
  func writing() {
    let time = Time(seconds: 1_709_200_800, nanoseconds: 120_000_000)
    #expect(time.description == "2024-02-29T10:00:00Z")
    #expect(time.rfc3339Nano == "2024-02-29T10:00:00.12Z")
    #expect(MicroTime(time).description == "2024-02-29T10:00:00.120000Z")
    #expect(Time(seconds: -1).description == "1969-12-31T23:59:59Z")
  }

  @Test(
    "impossible dates are refused",
    arguments: ["2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-01", "2023-01-01T00:00:00", "x"])
  func refused(text: String) { #expect(Time(text) == nil) }
}

@Suite("Duration text") struct DurationTests {
  @Test(
    "is read and written as Go does",
    arguments: [
      ("1m30s", "1m30s"), ("90s", "1m30s"), ("1.5h", "1h30m0s"), ("100ms", "100ms"), ("0", "0s"), ("-5s", "-5s"),
      ("1500us", "1.5ms"),
    ])
  func roundTrip(text: String, expected: String) { #expect(KubeDuration(text)?.description == expected) }

  @Test("other text is refused", arguments: ["", "5", "s", "1x", "1m 30s", ".s", "9999999999h"])
  func refused(text: String) { #expect(KubeDuration(text) == nil) }
}

@Suite("ByteString") struct ByteStringTests {
  @Test("base64 goes both ways", arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
  func base64(text: String, encoded: String) {
    #expect(ByteString(Array(text.utf8)).base64 == encoded)
    #expect(ByteString(base64: encoded)?.bytes == Array(text.utf8))
  }
  @Test("other text is refused", arguments: ["a", "ab", "a===", "a-b_", "Zg=x"])
  func refused(text: String) { #expect(ByteString(base64: text) == nil) }
}
