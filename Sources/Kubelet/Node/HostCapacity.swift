internal import FoundationEssentials
internal import LinuxSystem

/// What the host has. nil: it cannot be read.
enum HostCapacity {
  /// Bytes. Source: kubelet, which takes MemTotal.
  static var memory: Int64? {
    guard let line = (try? readFile("/proc/meminfo"))?.split(separator: "\n").first(where: { $0.hasPrefix("MemTotal:") }),
      let kibibytes = Int64(line.filter(\.isNumber))
    else { return nil }
    return kibibytes * 1024
  }

  /// Thousandths of the CPUs that are online.
  static var milliCPU: Int64? {
    guard let text = try? readFile("/sys/devices/system/cpu/online") else {
      return Int64(ProcessInfo.processInfo.activeProcessorCount) * 1000
    }
    return count(ofList: text).map { Int64($0) * 1000 }
  }

  /// How many numbers `0-3,8` names.
  static func count(ofList text: String) -> Int? {
    var count = 0
    for range in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      let ends = range.split(separator: "-").map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, last >= first, ends.count <= 2 else { return nil }
      count += last - first + 1
    }
    return count > 0 ? count : nil
  }
}
