import CLinux

/// One agent connection: frames in, frames out, never blocking.
final class Connection {
  private struct Outgoing {
    var bytes: [UInt8]
    var offset = 0
    var descriptors: DescriptorList?
  }
  /// An agent that reads nothing for this many frames is cut off; it asks `list` when it is back.
  private static let maximumBacklog = 4096

  let socket: Descriptor
  var token: UInt64 = 0
  /// Said hello: may receive events.
  var greeted = false
  private(set) var closed = false
  private var buffer: [UInt8] = []
  private var header: ShimFrame.Header?
  private var received: [Int32] = []
  private var outgoing: [Outgoing] = []

  init(_ socket: consuming Descriptor) { self.socket = socket }
  deinit { for descriptor in received { _ = cl_close(descriptor) } }

  /// Reads what is there and hands over each complete request. false: the connection is over.
  func receive(_ handle: (ShimFrame.Header, [UInt8], DescriptorList) -> Void) -> Bool {
    while !closed {
      let wanted = (header?.payloadLength ?? ShimFrame.headerSize) - buffer.count
      if wanted > 0 {
        var chunk = [UInt8](repeating: 0, count: min(wanted, 65536))
        var descriptors = [Int32](repeating: -1, count: ShimProtocol.maximumDescriptors)
        var number: Int32 = 0
        let count = unsafe cl_receive_descriptors(socket.raw, &chunk, chunk.count, &descriptors, &number)
        if count == Int64(-Errno.again) { return true }
        if count == Int64(-Errno.interrupted) { continue }
        if count <= 0 { return false }
        received.append(contentsOf: descriptors[0..<Int(number)])
        buffer.append(contentsOf: chunk[0..<Int(count)])
        if Int(count) < wanted { continue }
      }
      if let complete = header {
        let payload = buffer
        let list = DescriptorList(received)
        header = nil
        buffer = []
        received = []
        handle(complete, payload, list)
      } else {
        guard let next = try? ShimFrame.decodeHeader(buffer) else { return false }
        header = next
        buffer = []
      }
    }
    return false
  }

  func send(_ bytes: [UInt8], _ descriptors: DescriptorList? = nil, loop: Loop) {
    if closed { return }
    if outgoing.count >= Self.maximumBacklog { return close(loop) }
    outgoing.append(Outgoing(bytes: bytes, descriptors: descriptors))
    flush(loop)
  }

  func flush(_ loop: Loop) {
    while !closed, let first = outgoing.first {
      var numbers: [Int32] = []
      if first.offset == 0, let list = first.descriptors {
        for index in 0..<list.count { if let raw = list.raw(index) { numbers.append(raw) } }
      }
      let count = unsafe first.bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return Int64(0) }
        return unsafe cl_send_descriptors(
          socket.raw, base + first.offset, first.bytes.count - first.offset, numbers, Int32(numbers.count))
      }
      if count == Int64(-Errno.interrupted) { continue }
      if count == Int64(-Errno.again) {
        loop.modify(token, socket.raw, Loop.readable | Loop.writable)
        return
      }
      if count < 0 { return close(loop) }
      outgoing[0].offset += Int(count)
      if outgoing[0].offset == first.bytes.count { outgoing.removeFirst() }
    }
    if !closed { loop.modify(token, socket.raw, Loop.readable) }
  }

  /// The descriptor itself goes when the last reference goes.
  func close(_ loop: Loop) {
    if closed { return }
    closed = true
    outgoing = []
    loop.remove(token, socket.raw)
  }
}
