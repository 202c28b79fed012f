/// What a look at the records and the kernel repaired, and what it could not.
public struct NetworkReport: Sendable {
  /// What was done, as sentences.
  public var sentences: [String] = []
  /// What went wrong, as sentences; the rest was done all the same, and the next start tries again.
  public var failures: [String] = []
}
