internal import CZlib

/// Decompresses the header blocks of one direction of a connection: one zlib stream, cut behind whole deflate blocks (a sync flush after
/// each frame). Source: SPDY/3, section 2.6.10.1; zlib.h.
@safe final class Inflater {
  /// zlib's state points back at it: it may not move.
  private let stream: UnsafeMutablePointer<z_stream>

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // Without memory the first block fails.
    _ = unsafe inflateInit_(stream, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
  }

  deinit {
    _ = unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// What the next blocks of the stream hold.
  /// - Parameter limit: most bytes that may come out of them.
  /// - Throws: for what is no such stream, or holds more. The stream cannot be read on then.
  func inflate(_ block: [UInt8], limit: Int) throws(StreamProtocolError) -> [UInt8] {
    var result = Z_OK
    var block = block
    // One more than may come: what fills it is too much.
    let output = unsafe [UInt8](unsafeUninitializedCapacity: limit + 1) { output, count in
      result = unsafe block.withUnsafeMutableBufferPointer { input in unsafe run(input, output) }
      count = limit + 1 - Int(unsafe stream.pointee.avail_out)
    }
    guard output.count <= limit else { throw .tooLarge("headers") }
    // No more to do is no damage.
    guard result == Z_OK || result == Z_BUF_ERROR else { throw .malformed("damaged header compression") }
    return output
  }

  private func run(_ input: UnsafeMutableBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> CInt {
    unsafe (stream.pointee.next_in, stream.pointee.avail_in) = (input.baseAddress, UInt32(input.count))
    unsafe (stream.pointee.next_out, stream.pointee.avail_out) = (output.baseAddress, UInt32(output.count))
    var result = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
    if result == Z_NEED_DICT {
      // One other than SPDY/3's has another checksum, and is refused.
      let dictionary = HeaderDictionary.bytes
      result = unsafe inflateSetDictionary(stream, dictionary, UInt32(dictionary.count))
      if result == Z_OK { result = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH) }
    }
    return result
  }
}
