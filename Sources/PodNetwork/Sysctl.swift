import LinuxSystem

/// Kernel settings below /proc/sys/net. They are those of the calling thread's network namespace.
enum Sysctl {
  static func read(_ path: String) -> String? {
    (try? readFile("/proc/sys/net/\(path)"))?.split(separator: "\n").first.map(String.init)
  }

  /// Writes a value unless it is there already: a read-only /proc/sys with the right values is good enough.
  static func set(_ path: String, _ value: String) throws(SystemCallError) {
    if read(path) == value { return }
    try writeFile("/proc/sys/net/\(path)", value)
  }

  /// The same for a setting that this kernel may not have.
  static func setIfPresent(_ path: String, _ value: String) throws(SystemCallError) {
    guard let now = read(path), now != value else { return }
    try writeFile("/proc/sys/net/\(path)", value)
  }
}
