extension String {
  /// At most so many bytes of UTF-8, at least four; what was cut ends in `...`. For messages that quote what a stranger wrote.
  public func clipped(to bytes: Int) -> String {
    if utf8.count <= bytes { return self }
    var end = utf8.index(startIndex, offsetBy: bytes - 3)
    while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return self[..<end] + "..."
  }
}
