/// A value that Kubernetes would refuse, in its words.
public struct FieldError: Error, Hashable, Sendable, CustomStringConvertible {
  /// JSON path such as `spec.containers[0].name`.
  public let path: String
  public let message: String

  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  public var description: String { "\(path): \(message)" }
}

/// Collects errors in the form of Kubernetes' field.ErrorList.
struct FieldErrors {
  private(set) var all: [FieldError] = []

  mutating func add(_ path: String, _ message: String) { all.append(FieldError(path: path, message: message)) }
  mutating func required(_ path: String, _ detail: String = "") {
    add(path, "Required value" + (detail.isEmpty ? "" : ": \(detail)"))
  }
  mutating func invalid(_ path: String, _ value: some CustomStringConvertible, _ detail: String) {
    add(path, "Invalid value: \(value is String ? "\"\(value)\"" : "\(value)"): \(detail)")
  }
  mutating func forbidden(_ path: String, _ detail: String) { add(path, "Forbidden: \(detail)") }
  mutating func duplicate(_ path: String, _ value: String) { add(path, "Duplicate value: \"\(value)\"") }
  mutating func notFound(_ path: String, _ value: String) { add(path, "Not found: \"\(value)\"") }

  /// Nothing if `value` is absent.
  mutating func oneOf(_ path: String, _ value: String?, _ allowed: [String]) {
    guard let value, !allowed.contains(value) else { return }
    add(
      path,
      "Unsupported value: \"\(value)\": supported values: "
        + allowed.filter { !$0.isEmpty }.map { "\"\($0)\"" }.joined(separator: ", "))
  }

  mutating func range(_ path: String, _ value: Int?, _ allowed: ClosedRange<Int>) {
    guard let value, !allowed.contains(value) else { return }
    let bound = allowed.upperBound == Int.max || allowed.upperBound == Int(Int32.max)
    invalid(
      path, value,
      bound
        ? "must be greater than or equal to \(allowed.lowerBound)"
        : "must be between \(allowed.lowerBound) and \(allowed.upperBound), inclusive")
  }
}
