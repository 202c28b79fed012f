/// Takes messages out of a byte stream.
public struct UnpackMessageReader: Sendable {
  private var buffer: [UInt8] = []
  private var start = 0
  public init() {}

  public mutating func append(_ bytes: some Swift.Collection<UInt8>) {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    buffer += bytes
  }

  /// What came is no message: the sender is broken or hostile.
  public struct Malformed: Error {}

  /// The next whole message; nil when more bytes are needed.
  public mutating func next() throws(Malformed) -> UnpackMessage? {
    guard buffer.count - start >= 5 else { return nil }
    let header = buffer[start..<start + 5]
    let length = header.dropFirst().reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= UnpackMessage.maximumPayload else { throw Malformed() }
    guard buffer.count - start >= 5 + length else { return nil }
    defer { start += 5 + length }
    guard let kind = header.first, let message = UnpackMessage(kind: kind, payload: buffer[(start + 5)..<(start + 5 + length)])
    else {
      throw Malformed()
    }
    return message
  }

  /// Whether bytes of an unfinished message are left.
  public var isEmpty: Bool { start == buffer.count }
}
