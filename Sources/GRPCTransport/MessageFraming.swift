import NIOCore
import SwiftProtobuf

/// The five bytes before each message: one of compression (always 0 here), four of length, big endian.
/// Source: grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message".
enum MessageFraming {
  static let prefixLength = 5

  /// Takes the first whole message from `buffer`; nil when more bytes are needed.
  /// - Throws: `.resourceExhausted` as soon as the prefix announces more than `limit` bytes: nothing is collected for it.
  static func nextMessage(in buffer: inout ByteBuffer, limit: Int) throws(GRPCStatus) -> ByteBuffer? {
    guard let compressed: UInt8 = buffer.getInteger(at: buffer.readerIndex),
      let length: UInt32 = buffer.getInteger(at: buffer.readerIndex + 1)
    else { return nil }
    guard compressed == 0 else {
      throw GRPCStatus(.internalError, "compressed message without a grpc-encoding this side accepts (only identity)")
    }
    guard Int(length) <= limit else {
      throw GRPCStatus(.resourceExhausted, "received message larger than max (\(length) vs. \(limit))")
    }
    guard buffer.readableBytes >= prefixLength + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: prefixLength)
    return buffer.readSlice(length: Int(length))
  }

  /// Prefix and message in one buffer.
  static func encode(_ message: some Message, limit: Int, allocator: ByteBufferAllocator) throws(GRPCStatus) -> ByteBuffer {
    let bytes: [UInt8]
    do { bytes = try message.serializedBytes() } catch {
      throw GRPCStatus(.internalError, "cannot serialize \(type(of: message).protoMessageName): \(error)")
    }
    guard bytes.count <= limit else {
      throw GRPCStatus(.resourceExhausted, "trying to send message larger than max (\(bytes.count) vs. \(limit))")
    }
    var buffer = allocator.buffer(capacity: prefixLength + bytes.count)
    buffer.writeInteger(UInt8(0))
    buffer.writeInteger(UInt32(bytes.count))
    buffer.writeBytes(bytes)
    return buffer
  }

  static func decode<M: Message>(_ type: M.Type, from buffer: ByteBuffer) throws(GRPCStatus) -> M {
    do { return try M(serializedBytes: [UInt8](buffer: buffer)) } catch {
      throw GRPCStatus(.internalError, "cannot parse \(M.protoMessageName): \(error)")
    }
  }
}
