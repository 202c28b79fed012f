/// What reading one file may cost, counted over all its documents. Aliases count each time they are used, so a small text cannot become a
/// large tree; what is over is refused, never cut off.
struct ReadBudget {
  static let maximumValues = 400_000
  static let maximumText = 16 << 20
  /// Faults told of one file: a person repairs the first ones first.
  static let maximumErrors = 100

  private var values = 0
  private var text = 0
  private(set) var errors = 0

  var isExhausted: Bool { values > Self.maximumValues || text > Self.maximumText }
  var isFaulty: Bool { errors >= Self.maximumErrors }

  /// A value, or a key, with its text in bytes.
  /// - Returns: whether there was room for it.
  mutating func take(text bytes: Int = 0) -> Bool {
    values += 1
    text += bytes
    return !isExhausted
  }

  mutating func fault() { errors += 1 }
}
