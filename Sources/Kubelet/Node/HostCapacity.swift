internal import FoundationEssentials
internal import LinuxSystem

/// What the host has. nil: it cannot be read.
enum HostCapacity {
  /// Bytes. Source: kubelet, which takes MemTotal.
  static var memory: Int64? { memoryInfo("MemTotal") }

  /// Bytes; 0: none. What is switched on later is seen at the next start.
  static var swap: Int64 { memoryInfo("SwapTotal") ?? 0 }

  /// Source: proc_meminfo(5).
  private static func memoryInfo(_ field: String) -> Int64? {
    guard let line = (try? readFile("/proc/meminfo"))?.split(separator: "\n").first(where: { $0.hasPrefix("\(field):") }),
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

  /// Source: Documentation/admin-guide/mm/hugetlbpage.rst (`hugepages-2048kB`), cgroup-v2.rst (`hugetlb.2MB.max`).
  static func hugePageSizes(in directory: String) -> [String] {
    let kibibytes = ((try? listDirectory(directory)) ?? []).compactMap { name -> Int? in
      guard name.hasPrefix("hugepages-"), name.hasSuffix("kB") else { return nil }
      return Int(name.dropFirst("hugepages-".count).dropLast("kB".count))
    }
    return kibibytes.sorted().map { size in
      size >= 1 << 20 ? "\(size >> 20)GB" : size >= 1 << 10 ? "\(size >> 10)MB" : "\(size)KB"
    }
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
