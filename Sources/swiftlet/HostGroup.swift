import LinuxSystem

/// A group of the host, by name or number.
enum HostGroup {
  /// From /etc/group alone: name services need libraries that a static program does not have. Source: group(5).
  /// - Returns: nil when there is no such group.
  static func id(of name: String, file: String = "/etc/group") throws(SystemCallError) -> UInt32? {
    if let number = UInt32(name), number != .max { return number }
    for line in String(decoding: try readRegularFile(file, limit: 16 << 20), as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count >= 3, fields[0] == name { return UInt32(fields[2]) }
    }
    return nil
  }
}
