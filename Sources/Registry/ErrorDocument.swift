internal import FoundationEssentials
internal import NIOHTTP1

/// What a registry says about a request it refuses. Source: distribution-spec "Error Codes"; token services say `details`.
struct ErrorDocument: Decodable {
  struct Entry: Decodable {
    var code: String?
    var message: String?
  }
  var errors: [Entry]?
  var details: String?
  var error_description: String?

  /// `: CODE: message`, or nothing.
  static func words(_ body: [UInt8]) -> String {
    guard let document = try? JSONDecoder().decode(ErrorDocument.self, from: Data(body)) else { return "" }
    let words = document.errors?.first.map { [$0.code, $0.message].compactMap(\.self).joined(separator: ": ") }
    let text = words ?? document.details ?? document.error_description ?? ""
    return text.isEmpty ? "" : ": " + printable(text)
  }

  /// Seconds; dates are not understood.
  static func retryAfter(_ headers: HTTPHeaders) -> Int? {
    headers.first(name: "retry-after").flatMap { Int($0) }.map { max(0, $0) }
  }
}
