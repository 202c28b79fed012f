/// A system call that failed: its name, errno and what it was about.
public struct CallError: Error, Equatable, Sendable {
  public var call: String
  public var code: Int32
  public var detail: String
  public init(_ call: String, _ code: Int32, _ detail: String) {
    self.call = call
    self.code = code
    self.detail = detail
  }
}

/// Turns `-errno` into `CallError`.
@discardableResult
func check(_ result: Int32, _ call: String, _ detail: String = "") throws(CallError) -> Int32 {
  if result < 0 { throw CallError(call, -result, detail) }
  return result
}

@discardableResult
func check(_ result: Int64, _ call: String, _ detail: String = "") throws(CallError) -> Int64 {
  if result < 0 { throw CallError(call, Int32(truncatingIfNeeded: -result), detail) }
  return result
}
