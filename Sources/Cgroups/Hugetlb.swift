extension CgroupResources {
  /// hugetlb.SIZE.max, and hugetlb.SIZE.rsvd.max so that a reservation fails early instead of a page fault later (SIGBUS).
  /// Source: cgroup-v2.rst, "HugeTLB".
  func hugetlbSettings() throws(CgroupError) -> [Setting] {
    var result: [Setting] = []
    for limit in hugepageLimits {
      guard !limit.pageSize.isEmpty,
        limit.pageSize.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "KMGB".utf8.contains($0) })
      else {
        throw CgroupError(.invalidArgument, "\"\(limit.pageSize)\" is not a huge page size such as 2MB or 1GB")
      }
      // 0 is what a pod gets that asked for none: without the controller (or the size) it is like any other process of the node.
      let none = limit.limit == 0
      result.append(
        Setting(.hugetlb, "hugetlb.\(limit.pageSize).max", "\(limit.limit)", none ? .weight : .limit, optionalFile: none))
      result.append(
        Setting(.hugetlb, "hugetlb.\(limit.pageSize).rsvd.max", "\(limit.limit)", none ? .weight : .limit, optionalFile: true))
    }
    return result
  }
}
