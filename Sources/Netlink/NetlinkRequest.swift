/// A request to the kernel that is not sent yet; `operation` and `subject` are for errors.
public struct NetlinkRequest: Sendable {
  public let operation: String
  public let subject: String
  public let type: UInt16
  /// Without NLM_F_REQUEST and NLM_F_ACK: the socket adds them.
  public let flags: UInt16
  public let body: [UInt8]

  public init(_ operation: String, _ subject: String, type: UInt16, flags: UInt16 = 0, body: [UInt8]) {
    self.operation = operation
    self.subject = subject
    self.type = type
    self.flags = flags
    self.body = body
  }

  /// The whole message, padded to 4 bytes; the port id is 0 (the kernel).
  public func bytes(sequence: UInt32, extraFlags: UInt16) -> [UInt8] {
    var builder = MessageBuilder()
    builder.append(UInt32(NetlinkMessage.headerSize + body.count))
    builder.append(type)
    builder.append(flags | MessageFlag.request | extraFlags)
    builder.append(sequence)
    builder.append(UInt32(0))
    builder.append(body)
    while builder.bytes.count % 4 != 0 { builder.append(UInt8(0)) }
    return builder.bytes
  }

  func error(code: CInt, detail: String? = nil) -> NetlinkError {
    NetlinkError(operation: operation, subject: subject, code: code, detail: detail)
  }
}
