extension CgroupResources {
  /// pids.max. Source: cgroup-v2.rst, "PID Interface Files".
  func pidsSettings() -> [Setting] {
    guard let pidsLimit else { return [] }
    return pidsLimit > 0 ? [Setting(.pids, "pids.max", "\(pidsLimit)")] : [Setting(.pids, "pids.max", "max", .weight)]
  }
}
