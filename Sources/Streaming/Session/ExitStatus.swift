internal import FoundationEssentials

/// What the error stream says at the end. Source: k8s.io/apimachinery, pkg/util/remotecommand/constants.go (v4); metav1.Status.
enum ExitStatus {
  /// - Returns: the status as JSON; before v4 a text, empty for a good end.
  static func bytes(_ end: ProcessEnd, hasStatus: Bool) -> [UInt8] {
    switch end {
    case .exited(0): return Array((hasStatus ? #"{"metadata":{},"status":"Success"}"# : "").utf8)
    case .exited(let code):
      let message = "command terminated with non-zero exit code: exit status \(code)"
      guard hasStatus else { return Array(message.utf8) }
      return Array(
        (#"{"metadata":{},"status":"Failure","message":"\#(message)","reason":"NonZeroExitCode","#
          + #""details":{"causes":[{"reason":"ExitCode","message":"\#(code)"}]}}"#).utf8)
    case .failed(let reason):
      let message = "Internal error occurred: \(reason)"
      guard hasStatus else { return Array(message.utf8) }
      return Array(
        (#"{"metadata":{},"status":"Failure","message":"\#(escaped(message))","reason":"InternalError","#
          + #""details":{"causes":[{"message":"\#(escaped(reason))"}]},"code":500}"#).utf8)
    }
  }

  private struct Status: Decodable {
    struct Details: Decodable { var causes: [Cause]? }
    struct Cause: Decodable {
      var reason: String?
      var message: String?
    }
    var status: String?
    var reason: String?
    var message: String?
    var details: Details?
  }

  /// What a client reads in it; before v4 it is a text.
  static func end(_ text: [UInt8]) -> ProcessEnd {
    if text.isEmpty { return .exited(0) }
    guard let status = try? JSONDecoder().decode(Status.self, from: Data(text)) else {
      return .failed(String(decoding: text, as: UTF8.self))
    }
    if status.status == "Success" { return .exited(0) }
    let code = status.details?.causes?.first { $0.reason == "ExitCode" }?.message.flatMap { Int32($0) }
    if status.reason == "NonZeroExitCode", let code { return .exited(code) }
    return .failed(status.message ?? String(decoding: text, as: UTF8.self))
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
