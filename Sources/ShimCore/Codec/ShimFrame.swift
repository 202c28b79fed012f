/// Frames of the agent <-> podshim protocol (see `ShimProtocol`). Decoders skip trailing payload bytes, which a newer peer may add.
public enum ShimFrame {
  /// Bytes before the payload: length, kind, descriptor count, request id.
  public static let headerSize = 10

  public struct Header: Equatable, Sendable {
    /// Bytes that follow the header.
    public var payloadLength: Int
    public var kind: UInt8
    public var descriptorCount: Int
    /// 0: an event.
    public var requestID: UInt32
  }

  /// Reads the first `headerSize` bytes.
  /// - Throws: `.truncated` when there are fewer, `.malformed` when the length is impossible or above `ShimProtocol.maximumFrame`.
  public static func decodeHeader(_ bytes: [UInt8]) throws(CodecError) -> Header {
    var reader = ByteReader(bytes)
    let length = Int(try reader.integer(UInt32.self))
    guard length >= headerSize - 4, length <= ShimProtocol.maximumFrame else { throw .malformed }
    let kind: UInt8 = try reader.integer()
    let descriptors: UInt8 = try reader.integer()
    return Header(
      payloadLength: length - (headerSize - 4), kind: kind, descriptorCount: Int(descriptors), requestID: try reader.integer())
  }

  static func begin(_ kind: UInt8, id: UInt32, descriptorCount: Int) -> ByteWriter {
    var writer = ByteWriter()
    writer.integer(UInt32(0))
    writer.integer(kind)
    writer.integer(UInt8(descriptorCount))
    writer.integer(id)
    return writer
  }

  static func finish(_ writer: consuming ByteWriter) -> [UInt8] {
    writer.patch(UInt32(writer.bytes.count - 4), at: 0)
    return writer.bytes
  }
}
