/// The name rules of k8s.io/apimachinery util/validation.
enum Names {
  static let labelMessage =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
  static let subdomainMessage =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

  static func label(_ text: String) -> String? {
    if text.utf8.count > 63 { return "must be no more than 63 characters" }
    return isLabel(text[...]) ? nil : labelMessage
  }

  static func subdomain(_ text: String) -> String? {
    if text.utf8.count > 253 { return "must be no more than 253 characters" }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) } ? nil : subdomainMessage
  }

  /// `[prefix/]name`, as of labels and annotations.
  static func qualified(_ text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last else { return "a qualified name has at most one '/'" }
    if parts.count == 2, let fault = subdomain(String(parts[0])) { return "prefix part " + fault }
    return labelValue(String(name)).map { "name part " + $0 } ?? (name.isEmpty ? "name part must be non-empty" : nil)
  }

  static func labelValue(_ text: String) -> String? {
    if text.isEmpty { return nil }
    if text.utf8.count > 63 { return "must be no more than 63 characters" }
    let bytes = Array(text.utf8)
    let inner = bytes.allSatisfy { isAlphanumeric($0, upper: true) || "-_.".utf8.contains($0) }
    guard inner, let first = bytes.first, let last = bytes.last, isAlphanumeric(first, upper: true),
      isAlphanumeric(last, upper: true)
    else {
      return "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    }
    return nil
  }

  /// Any printable ASCII but `=` (relaxed rule of Kubernetes 1.34 and later).
  static func environment(_ text: String) -> String? {
    text.utf8.allSatisfy { 32...126 ~= $0 && $0 != UInt8(ascii: "=") }
      ? nil : "a valid environment variable name must consist only of printable ASCII characters other than '='"
  }

  /// IANA_SVC_NAME.
  static func port(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    if bytes.isEmpty || bytes.count > 15 { return "must be 1 to 15 characters" }
    guard bytes.allSatisfy({ isAlphanumeric($0, upper: false) || $0 == UInt8(ascii: "-") }) else {
      return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    }
    if !bytes.contains(where: { 97...122 ~= $0 }) { return "must contain at least one letter (a-z)" }
    if text.contains("--") { return "must not contain consecutive hyphens" }
    return text.hasPrefix("-") || text.hasSuffix("-") ? "must not begin or end with a hyphen" : nil
  }

  /// IPv4 dotted or IPv6 text, loosely: digits and separators in the right number.
  static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if !text.contains(":") {
      return parts.count == 4
        && parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { 48...57 ~= $0 } && (Int($0) ?? 256) < 256 }
    }
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    let valid = groups.allSatisfy { group in
      group.utf8.count <= 4 && group.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 || 65...70 ~= $0 }
    }
    let compressed = text.contains("::")
    if text.contains(":::") || (compressed && text.ranges(of: "::").count > 1) { return false }
    return valid && (compressed ? groups.count <= 9 : groups.count == 8 && groups.allSatisfy { !$0.isEmpty })
  }

  /// Files of /proc that something may be mounted over. Source: runc, checkProcMount.
  private static let mountableInProc: Set<String> = [
    "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
    "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
  ]

  /// A container's root is its image, and its /proc tells of its own processes: nothing is mounted in their place.
  static func mountPoint(_ text: String) -> String? {
    var parts: [Substring] = []
    for part in text.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    let path = "/" + parts.joined(separator: "/")
    if path == "/" { return "must not be the root directory" }
    if path == "/proc" || (path.hasPrefix("/proc/") && !mountableInProc.contains(path)) { return "must not be inside /proc" }
    return nil
  }

  private static func isLabel(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 253 else { return false }
    return isAlphanumeric(first, upper: false) && isAlphanumeric(last, upper: false)
      && text.utf8.allSatisfy { isAlphanumeric($0, upper: false) || $0 == UInt8(ascii: "-") }
  }

  private static func isAlphanumeric(_ byte: UInt8, upper: Bool) -> Bool {
    48...57 ~= byte || 97...122 ~= byte || (upper && 65...90 ~= byte)
  }
}
