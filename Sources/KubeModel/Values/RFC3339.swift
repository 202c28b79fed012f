/// RFC 3339 text without ICU. Calendar arithmetic: days from civil date in the proleptic Gregorian calendar, years counted from March.
enum RFC3339 {
  static func parse(_ text: String) -> (seconds: Int, nanoseconds: Int)? {
    var scanner = Scanner(bytes: Array(text.utf8))
    guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
      let day = scanner.number(2), scanner.take("T") || scanner.take("t") || scanner.take(" "),
      let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
      let second = scanner.number(2)
    else { return nil }
    guard 1...12 ~= month, day >= 1, day <= daysIn(month: month, year: year), hour < 24, minute < 60, second < 60 else {
      return nil
    }
    var nanoseconds = 0
    if scanner.take(".") {
      guard let fraction = scanner.fraction() else { return nil }
      nanoseconds = fraction
    }
    var offset = 0
    if !(scanner.take("Z") || scanner.take("z")) {
      let negative: Bool
      if scanner.take("-") { negative = true } else if scanner.take("+") { negative = false } else { return nil }
      guard let hours = scanner.number(2), scanner.take(":"), let minutes = scanner.number(2), hours < 24, minutes < 60 else {
        return nil
      }
      offset = (hours * 60 + minutes) * (negative ? -60 : 60)
    }
    guard scanner.atEnd else { return nil }
    return (days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second - offset, nanoseconds)
  }

  /// - Parameter digits: of fraction; `nil` for as many as needed.
  static func format(seconds: Int, nanoseconds: Int, digits: Int?) -> String {
    let day = Int((Double(seconds) / 86400).rounded(.down))
    let rest = seconds - day * 86400
    let (year, month, dayOfMonth) = civil(day)
    var text = pad(year, 4) + "-" + pad(month, 2) + "-" + pad(dayOfMonth, 2)
    text += "T" + pad(rest / 3600, 2) + ":" + pad(rest / 60 % 60, 2) + ":" + pad(rest % 60, 2)
    var fraction = pad(nanoseconds, 9)
    if let digits {
      fraction = String(fraction.prefix(digits))
    } else {
      while fraction.hasSuffix("0") { fraction.removeLast() }
    }
    return text + (fraction.isEmpty ? "" : "." + fraction) + "Z"
  }

  private static func pad(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }

  private static func daysIn(month: Int, year: Int) -> Int {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  private static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ day: Int) -> (Int, Int, Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0
    var atEnd: Bool { index == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    mutating func number(_ width: Int) -> Int? {
      guard index + width <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[index..<index + width] {
        guard 48...57 ~= byte else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      index += width
      return value
    }

    mutating func fraction() -> Int? {
      var value = 0
      var digits = 0
      let start = index
      while index < bytes.count, 48...57 ~= bytes[index] {
        if digits < 9 {
          value = value * 10 + Int(bytes[index] - 48)
          digits += 1
        }
        index += 1
      }
      guard index > start else { return nil }
      while digits < 9 {
        value *= 10
        digits += 1
      }
      return value
    }
  }
}
