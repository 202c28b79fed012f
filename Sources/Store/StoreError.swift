/// A failed read or write of the node's database.
public struct StoreError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The file cannot be opened, or was written by a newer version.
    case cannotOpen
    /// The file is not what SQLite wrote: damaged, or no database.
    case damaged
    /// A unique name is taken.
    case conflict
    /// A row cannot be decoded: written by a newer version or damaged.
    case corruptRow
    /// There is no space for it.
    case full
    /// SQLite reported another error.
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

  /// A failure inside a transaction: one that is a StoreError already stays as it is.
  init(of error: any Error, doing message: String) {
    switch error {
    case let error as StoreError: self = error
    case let error as SQLiteError where error.isConstraint: self.init(.conflict, "the name is taken", cause: error)
    case let error as SQLiteError where error.isDamage: self.init(.damaged, message, cause: error)
    case let error as SQLiteError where error.isFull: self.init(.full, message, cause: error)
    default: self.init(.database, message, cause: error)
    }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
