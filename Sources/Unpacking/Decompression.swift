import CLinux
import Glibc
import LinuxSystem
public import UnpackProtocol

/// Writes the decompressed bytes of a part of a file, or of a stream, into a socket.
public struct Decompression {
  private let input: ArchiveRange
  private let output: CInt

  public init(input: CInt, offset: Int64, size: Int64, output: CInt) {
    self.input = ArchiveRange(descriptor: input, offset: offset, size: size)
    self.output = output
  }

  public init(stream: CInt, output: CInt) {
    input = ArchiveRange(stream: stream)
    self.output = output
  }

  public func run() throws(UnpackError) -> UnpackMessage {
    let reader = try ArchiveReader.decompressing(input)
    var total: UInt64 = 0
    guard unsafe try reader.next() != nil else { return .done(entries: 0, bytes: 0) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while true {
      let count = unsafe try reader.read(buffer)
      if count == 0 { return .done(entries: 1, bytes: total) }
      total += UInt64(count)
      var sent = 0
      while sent < count {
        let written = unsafe write(output, buffer.baseAddress! + sent, count - sent)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw UnpackError(.inputOutput, "nobody takes the decompressed bytes") }
        sent += written
      }
    }
  }
}
