internal import CZlib
internal import Glibc
internal import LinuxSystem

/// gzip (RFC 1952) by zlib. Blocks.
enum Gzip {
  private static let chunk = 64 << 10

  /// Compresses what one file holds into another.
  /// - Parameter name: for the error.
  static func compress(_ source: SharedDescriptor, to target: SharedDescriptor, name: String) throws(SystemCallError) {
    var stream = unsafe z_stream()
    // 15 bits of window, and 16 for the header of gzip instead of zlib's.
    let status = unsafe deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw SystemCallError(call: "deflateInit2", subject: name, code: ENOMEM) }
    defer { unsafe deflateEnd(&stream) }
    var input = [UInt8](repeating: 0, count: chunk)
    var output = [UInt8](repeating: 0, count: chunk)
    var isAtEnd = false
    while !isAtEnd {
      let count = try source.withRaw { raw throws(SystemCallError) in
        try systemCall("read", on: name) { unsafe read(raw, &input, input.count) }
      }
      isAtEnd = count == 0
      var taken = 0
      var produced = 0
      repeat {
        produced = unsafe input.withUnsafeMutableBufferPointer { input in
          unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe stream.next_in = input.baseAddress?.advanced(by: taken)
            unsafe stream.avail_in = UInt32(count - taken)
            unsafe stream.next_out = output.baseAddress
            unsafe stream.avail_out = UInt32(output.count)
            _ = unsafe deflate(&stream, isAtEnd ? Z_FINISH : Z_NO_FLUSH)
            taken = unsafe count - Int(stream.avail_in)
            return unsafe output.count - Int(stream.avail_out)
          }
        }
        try write(output[..<produced], to: target, name)
      } while produced == output.count
    }
  }

  private static func write(_ bytes: ArraySlice<UInt8>, to target: SharedDescriptor, _ name: String) throws(SystemCallError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = try target.withRaw { raw throws(SystemCallError) in
        try systemCall("write", on: name) { unsafe rest.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) } }
      }
      rest = rest.dropFirst(count)
    }
  }
}
