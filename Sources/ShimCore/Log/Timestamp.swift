/// RFC 3339 UTC times with nanoseconds, as CRI logs and exit records write them. Remembers the formatted second: a busy log writes many
/// lines within one.
public struct TimestampFormatter {
  private var second = Int64.min
  private var prefix: [UInt8] = []

  public init() {}

  /// Appends `2016-10-06T00:17:09.669794202Z`: always nine digits, so lines of one file align and sort.
  /// - Parameter nanoseconds: since 1970-01-01 UTC.
  public mutating func append(_ nanoseconds: Int64, to output: inout [UInt8]) {
    var seconds = nanoseconds / 1_000_000_000
    var fraction = nanoseconds % 1_000_000_000
    if fraction < 0 {
      fraction += 1_000_000_000
      seconds -= 1
    }
    if seconds != second {
      second = seconds
      prefix = Self.civil(seconds)
    }
    output.append(contentsOf: prefix)
    Self.digits(fraction, width: 9, to: &output)
    output.append(UInt8(ascii: "Z"))
  }

  /// `YYYY-MM-DDTHH:MM:SS.` by the days-from-civil algorithm (proleptic Gregorian, eras of 400 years starting on 1 March).
  private static func civil(_ seconds: Int64) -> [UInt8] {
    var days = seconds / 86400
    var rest = seconds % 86400
    if rest < 0 {
      rest += 86400
      days -= 1
    }
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    var text: [UInt8] = []
    text.reserveCapacity(20)
    digits(year, width: 4, to: &text)
    text.append(UInt8(ascii: "-"))
    digits(month, width: 2, to: &text)
    text.append(UInt8(ascii: "-"))
    digits(day, width: 2, to: &text)
    text.append(UInt8(ascii: "T"))
    digits(rest / 3600, width: 2, to: &text)
    text.append(UInt8(ascii: ":"))
    digits(rest / 60 % 60, width: 2, to: &text)
    text.append(UInt8(ascii: ":"))
    digits(rest % 60, width: 2, to: &text)
    text.append(UInt8(ascii: "."))
    return text
  }

  private static func digits(_ value: Int64, width: Int, to output: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<width { divisor *= 10 }
    for _ in 0..<width {
      output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }
}
