/// Bytes of HTTP/2 as a client sends them, right or wrong.
package enum HTTP2Bytes {
  package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// A frame (RFC 9113, 4.1) of a stream below 256 with less than 64 KiB.
  package static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let length = [UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    let head: [UInt8] = [0, length[0], length[1], type, flags, 0, 0, 0, stream]
    return head + payload
  }

  /// HPACK literal fields, never indexed, no Huffman (RFC 7541, 6.2.2).
  package static func headers(_ fields: [(String, String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      bytes += [0, UInt8(name.utf8.count)]
      bytes += Array(name.utf8)
      bytes.append(UInt8(value.utf8.count))
      bytes += Array(value.utf8)
    }
    return bytes
  }

  /// Fields of a call of a gRPC method.
  package static func call(_ path: String) -> [(String, String)] {
    [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("content-type", "application/grpc"),
      ("te", "trailers"),
    ]
  }
}
