import Glibc

extension CgroupResources {
  /// cpu.weight, cpu.idle, cpu.max, cpu.max.burst. Source: cgroup-v2.rst, "CPU Interface Files".
  func cpuSettings() -> [Setting] {
    var result: [Setting] = []
    if let cpuIdle { result.append(Setting(.cpu, "cpu.idle", "\(cpuIdle)", .weight)) }
    let weight = cpuWeight ?? cpuShares.flatMap { $0 == 0 ? nil : CPUWeight.container(shares: $0) }
    // An idle group has no weight: the kernel refuses the write.
    if let weight, cpuIdle != 1 { result.append(Setting(.cpu, "cpu.weight", "\(weight)", .weight)) }
    if cpuQuota != nil || (cpuPeriod ?? 0) != 0 {
      let quota = cpuQuota ?? 0
      let period = cpuPeriod.flatMap { $0 == 0 ? nil : $0 } ?? 100_000
      // A burst above the new quota would make the kernel refuse the quota.
      if quota > 0, cpuBurst != nil { result.append(Setting(.cpu, "cpu.max.burst", "0")) }
      result.append(Setting(.cpu, "cpu.max", "\(quota > 0 ? "\(quota)" : "max") \(period)", quota > 0 ? .limit : .weight))
    }
    if let cpuBurst { result.append(Setting(.cpu, "cpu.max.burst", "\(cpuBurst)")) }
    return result
  }
}

/// CPU shares (cgroup v1, 2...262144, default 1024) as cpu.weight (cgroup v2, 1...10000, default 100).
public enum CPUWeight {
  /// The curve of container runtimes: quadratic in the exponent, so that 2, 1024 and 262144 become 1, 100 and 10000.
  /// Source: opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value (runc 1.3).
  public static func container(shares: UInt64) -> UInt64 {
    if shares <= 2 { return 1 }
    if shares >= 262144 { return 10000 }
    let l = log2(Double(shares))
    return UInt64(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34.0).rounded(.up))
  }
}
