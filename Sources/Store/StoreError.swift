/// A failed read or write of the node's database.
public struct StoreError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The file cannot be opened, or is not a database of this program.
    case cannotOpen
    /// A unique name is taken.
    case conflict
    /// A row cannot be decoded: written by a newer version or damaged.
    case corruptRow
    /// SQLite reported an error (disk full, I/O error ...).
    case database
  }
  public let code: Code
  /// Operation and object, as a sentence.
  public let message: String
  public let cause: String?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause.map { "\($0)" }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
