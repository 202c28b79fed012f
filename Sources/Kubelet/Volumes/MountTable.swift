internal import FoundationEssentials

/// The mounts of this process's namespace. Source: proc_pid_mountinfo(5).
enum MountTable {
  /// Mount points at or below a path.
  static func mounts(below path: String) throws(KubeletError) -> [String] {
    let text: String
    do {
      text = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
    } catch {
      throw KubeletError(.volume, "the mount table cannot be read", cause: error)
    }
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ", maxSplits: 5)
      guard fields.count > 4 else { return nil }
      let point = unescaped(fields[4])
      return point == path || point.hasPrefix(path + "/") ? point : nil
    }
  }

  static func isMountPoint(_ path: String) throws(KubeletError) -> Bool { try mounts(below: path).contains(path) }

  /// Space, tab, newline and backslash are written as octal.
  private static func unescaped(_ text: Substring) -> String {
    String(text).replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\012", with: "\n").replacing(
      "\\134", with: "\\")
  }
}
