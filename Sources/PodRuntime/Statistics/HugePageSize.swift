/// Two spellings of one size.
enum HugePageSize {
  /// `hugepages-2048kB` of sysfs is `2MB` in the names of cgroup files; nil for what is no size. Source: mem_fmt of mm/hugetlb_cgroup.c.
  static func cgroupName(_ name: String) -> String? {
    guard name.hasPrefix("hugepages-"), name.hasSuffix("kB"), let size = UInt64(name.dropFirst(10).dropLast(2)) else { return nil }
    if size >= 1 << 20 { return "\(size >> 20)GB" }
    return size >= 1 << 10 ? "\(size >> 10)MB" : "\(size)KB"
  }
}
