import LinuxSystem
import ShimCore

/// What came from a podshim and is not handled yet: bytes, cut into frames, and descriptors.
struct ShimInbox {
  struct Frame {
    var kind: UInt8
    var requestID: UInt32
    var payload: [UInt8]
    var descriptors: [SharedDescriptor]
    /// The kernel drops descriptors that the receiver has no room for (MSG_CTRUNC, unix(7)): they never come.
    var isTruncated: Bool

    /// As the caller of a request sees it.
    var result: Result<ShimConnection.Answer, ShimError> {
      if isTruncated { return .failure(.noDescriptors) }
      do throws(CodecError) {
        switch try ShimFrame.decodeReply(kind: kind, payload: payload) {
        case .failed(let failure): return .failure(.setup(failure))
        case .refused(let errno, let text): return .failure(.refused(errno: errno, text: text))
        case let reply: return .success(ShimConnection.Answer(reply: reply, descriptors: descriptors))
        }
      } catch {
        return .failure(.refused(errno: Errno.badMessage, text: "its reply is not understood"))
      }
    }
  }

  private var bytes: [UInt8] = []
  private var start = 0
  private var descriptors: [SharedDescriptor] = []

  mutating func add(_ received: [UInt8], _ passed: [SharedDescriptor]) {
    if start == bytes.count { (bytes, start) = (received, 0) } else { bytes += received }
    descriptors += passed
  }

  /// The next complete frame. Its descriptors came with its first byte, so a complete frame without them will never have them.
  /// - Throws: EBADMSG for what no podshim sends: the connection is of no use any more.
  mutating func next() throws(SystemCallError) -> Frame? {
    guard bytes.count - start >= ShimFrame.headerSize else { return nil }
    let header: ShimFrame.Header
    do throws(CodecError) { header = try ShimFrame.decodeHeader(Array(bytes[start..<start + ShimFrame.headerSize])) } catch {
      throw SystemCallError(call: "recvmsg", subject: "podshim: malformed frame", code: Errno.badMessage)
    }
    let end = start + ShimFrame.headerSize + header.payloadLength
    guard bytes.count >= end else { return nil }
    let payload = Array(bytes[(start + ShimFrame.headerSize)..<end])
    start = end
    if start == bytes.count {
      (bytes, start) = ([], 0)
    } else if start > 1 << 20 {
      bytes.removeFirst(start)
      start = 0
    }
    let count = min(header.descriptorCount, descriptors.count)
    let passed = Array(descriptors.prefix(count))
    descriptors.removeFirst(count)
    return Frame(
      kind: header.kind, requestID: header.requestID, payload: payload, descriptors: passed,
      isTruncated: count < header.descriptorCount)
  }
}
