/// A fault in a manifest or configuration file, with where it is.
public struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
  public let file: String
  /// From 1; 0 if the place is not known.
  public let line: Int
  /// From 1, in Unicode scalars.
  public let column: Int
  /// JSON path such as `spec.containers[0].image`; empty for the whole document.
  public let path: String
  public let message: String

  /// Path and message are cut so that the whole has about as many bytes as an event may (1024): they quote what a stranger wrote.
  public init(file: String, line: Int, column: Int, path: String, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.path = path.clipped(to: 240)
    self.message = message.clipped(to: 600)
  }

  /// `web.yaml:7:5: spec.containers[0].imge: unknown field, did you mean "image"?`
  public var description: String {
    (line > 0 ? "\(file):\(line):\(column): " : "\(file): ") + (path.isEmpty ? "" : path + ": ") + message
  }
}

/// A place in a text: line and column from 1.
public struct SourcePosition: Hashable, Sendable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
