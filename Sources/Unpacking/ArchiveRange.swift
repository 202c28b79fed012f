import Glibc

/// The bytes of a part of a file, or of a stream to its end, one chunk after the other. The descriptor belongs to the caller.
@safe final class ArchiveRange {
  private let descriptor: CInt
  private var offset: Int64
  /// nil: a stream.
  private let end: Int64?
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

  init(descriptor: CInt, offset: Int64, size: Int64) {
    self.descriptor = descriptor
    self.offset = offset
    end = offset + size
  }

  init(stream: CInt) {
    descriptor = stream
    offset = 0
    end = nil
  }

  deinit { unsafe buffer.deallocate() }

  /// The next chunk, valid until the next call; empty at the end (of the part, or of a file that is shorter), nil on an error.
  func next() -> UnsafeRawBufferPointer? {
    var count: Int
    if let end {
      let wanted = unsafe min(Int64(buffer.count), end - offset)
      count = unsafe pread(descriptor, buffer.baseAddress, Int(wanted), off_t(offset))
    } else {
      repeat { count = unsafe read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
    }
    guard count >= 0 else { return nil }
    offset += Int64(count)
    return unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
  }
}
