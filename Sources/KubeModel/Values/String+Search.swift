// Looking for a text in a text. The standard library's ways are in its regular expression engine, which would be linked whole for them:
// 1.3 MB of program.
extension StringProtocol {
  public func hasSubstring(_ text: String) -> Bool { firstIndex(ofUTF8: text.utf8) != nil }

  /// Each occurrence from left to right; they do not overlap.
  public func replacingAll(_ text: String, with replacement: String) -> String {
    var result = ""
    var rest = self[...]
    while let found = rest.firstIndex(ofUTF8: text.utf8) {
      result += rest[..<found] + replacement
      rest = rest[rest.utf8.index(found, offsetBy: text.utf8.count)...]
    }
    return result + rest
  }

  /// Where the bytes of a text, of at least one, begin.
  private func firstIndex(ofUTF8 text: String.UTF8View) -> Index? {
    var start = startIndex
    while let candidate = utf8[start...].firstIndex(of: text[text.startIndex]) {
      if utf8[candidate...].starts(with: text) { return candidate }
      start = utf8.index(after: candidate)
    }
    return nil
  }
}
