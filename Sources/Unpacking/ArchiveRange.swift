import Glibc

/// The bytes of a part of a file, one chunk after the other. The descriptor belongs to the caller.
@safe final class ArchiveRange {
  private let descriptor: CInt
  private var offset: Int64
  private let end: Int64
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

  init(descriptor: CInt, offset: Int64, size: Int64) {
    self.descriptor = descriptor
    self.offset = offset
    end = offset + size
  }

  deinit { unsafe buffer.deallocate() }

  /// The next chunk, valid until the next call; empty at the end (of the part, or of a file that is shorter), nil on an error.
  func next() -> UnsafeRawBufferPointer? {
    let wanted = unsafe min(Int64(buffer.count), end - offset)
    let count = unsafe pread(descriptor, buffer.baseAddress, Int(wanted), off_t(offset))
    guard count >= 0 else { return nil }
    offset += Int64(count)
    return unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
  }
}
