package import RuntimeAPI

/// An exec's result as text, without the last line break.
package struct Output {
  package var code: Int32
  package var output: String
  package var error: String

  package init(_ result: ExecResult) {
    code = result.exitCode
    output = Self.text(result.stdout)
    error = Self.text(result.stderr)
  }
  private static func text(_ bytes: [UInt8]) -> String {
    var text = String(decoding: bytes, as: UTF8.self)
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
