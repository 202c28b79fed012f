import Glibc

/// The kernel refused a netlink request, or the exchange itself failed.
public struct NetlinkError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was asked, e.g. "create veth".
  public let operation: String
  /// The object it was asked about: an interface, a table, an address.
  public let subject: String
  /// errno.
  public let code: CInt
  /// The kernel's own explanation (NLMSGERR_ATTR_MSG), when it gave one.
  public let detail: String?

  public init(operation: String, subject: String, code: CInt, detail: String? = nil) {
    self.operation = operation
    self.subject = subject
    self.code = code
    self.detail = detail
  }

  public var description: String {
    let reason = unsafe String(cString: strerror(code))
    return "\(operation) \(subject): \(reason) (errno \(code))" + (detail.map { ": \($0)" } ?? "")
  }
}
