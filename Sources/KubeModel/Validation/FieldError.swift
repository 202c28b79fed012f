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

/// Collects errors in the form of Kubernetes' field.ErrorList: at most as many as are told of a file.
struct FieldErrors {
  private(set) var all: [FieldError] = []

  mutating func add(_ path: String, _ message: String) {
    if all.count < ReadBudget.maximumErrors { all.append(FieldError(path: path, message: message)) }
  }
  /// Bytes of a wrong value that a message repeats.
  private static let maximumQuote = 128

  mutating func required(_ path: String, _ detail: String = "") {
    add(path, "Required value" + (detail.isEmpty ? "" : ": \(detail)"))
  }
  mutating func invalid(_ path: String, _ value: some CustomStringConvertible, _ detail: String) {
    let text = "\(value)".clipped(to: FieldErrors.maximumQuote)
    add(path, "Invalid value: \(value is String ? "\"\(text)\"" : text): \(detail)")
  }
  mutating func forbidden(_ path: String, _ detail: String) { add(path, "Forbidden: \(detail)") }
  mutating func duplicate(_ path: String, _ value: String) {
    add(path, "Duplicate value: \"\(value.clipped(to: FieldErrors.maximumQuote))\"")
  }
  mutating func notFound(_ path: String, _ value: String) {
    add(path, "Not found: \"\(value.clipped(to: FieldErrors.maximumQuote))\"")
  }

  /// Nothing if `value` is absent.
  mutating func oneOf(_ path: String, _ value: String?, _ allowed: [String]) {
    guard let value, !allowed.contains(value) else { return }
    add(
      path,
      "Unsupported value: \"\(value.clipped(to: FieldErrors.maximumQuote))\": supported values: "
        + allowed.filter { !$0.isEmpty }.map { "\"\($0)\"" }.joined(separator: ", "))
  }

  mutating func range(_ path: String, _ value: Int?, _ allowed: ClosedRange<Int>) {
    guard let value, !allowed.contains(value) else { return }
    let detail =
      switch allowed.upperBound {
      case .max: "must be greater than or equal to \(allowed.lowerBound)"
      case Int(Int32.max) where value < allowed.lowerBound: "must be greater than or equal to \(allowed.lowerBound)"
      default: "must be between \(allowed.lowerBound) and \(allowed.upperBound), inclusive"
      }
    invalid(path, value, detail)
  }
}
