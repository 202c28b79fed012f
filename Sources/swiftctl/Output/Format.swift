import ArgumentParser
import FoundationEssentials
import LinuxSystem

/// `-o`.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
  case yaml
}

struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "table, json or yaml.")
  var output: OutputFormat = .table

  @Flag(name: .shortAndLong, help: "Only ids.")
  var quiet = false
}

enum Format {
  /// Sorted keys, no escaped slashes.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }

  static func structured(_ value: some Encodable, _ format: OutputFormat) throws -> String {
    let json = try json(value)
    if format != .yaml { return json }
    return YAMLText.of(try JSONDecoder().decode(JSONTree.self, from: Data(json.utf8)))
  }

  /// The id without its algorithm, 13 characters, as crictl shows it.
  static func shortID(_ id: String) -> String {
    String((id.hasPrefix("sha256:") ? String(id.dropFirst(7)) : id).prefix(13))
  }

  /// "3 minutes ago".
  static func age(_ nanoseconds: Int64, now: Int64 = wallClockNanoseconds()) -> String {
    guard nanoseconds > 0 else { return "-" }
    let seconds = (now - nanoseconds) / 1_000_000_000
    func text(_ number: Int64, _ unit: String) -> String { number == 1 ? "1 \(unit) ago" : "\(number) \(unit)s ago" }
    switch seconds {
    case ..<1: return "less than a second ago"
    case ..<60: return text(seconds, "second")
    case ..<3600: return text(seconds / 60, "minute")
    case ..<86400: return text(seconds / 3600, "hour")
    default: return text(seconds / 86400, "day")
    }
  }

  /// RFC 3339 with nanoseconds, UTC; "" for 0.
  static func time(_ nanoseconds: Int64) -> String {
    guard nanoseconds > 0 else { return "" }
    let seconds = nanoseconds / 1_000_000_000
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
    // Days since 1970-03-01 of year 0 in the proleptic calendar. Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let days = seconds / 86400 + 719_468
    let era = days / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let (month, day) = (shifted < 10 ? shifted + 3 : shifted - 9, dayOfYear - (153 * shifted + 2) / 5 + 1)
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func pad(_ number: Int64, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2))"
      + ".\(pad(nanoseconds % 1_000_000_000, 9))Z"
  }

  /// Microseconds below ten milliseconds, milliseconds below ten seconds, then seconds: 812 us, 23.4 ms, 12.1 s.
  static func duration(_ nanoseconds: UInt64) -> String {
    func tenths(_ unit: UInt64) -> String {
      let value = (nanoseconds + unit / 20) / (unit / 10)
      return "\(value / 10).\(value % 10)"
    }
    if nanoseconds < 10_000_000 { return "\((nanoseconds + 500) / 1000) us" }
    return nanoseconds < 10_000_000_000 ? "\(tenths(1_000_000)) ms" : "\(tenths(1_000_000_000)) s"
  }

  /// Bytes with a decimal unit, as crictl: 2.3MB.
  static func bytes(_ count: UInt64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    if unit == 0 { return "\(count)B" }
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)\(units[unit])" : "\(tenths / 10).\(tenths % 10)\(units[unit])"
  }
}
