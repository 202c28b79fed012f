extension CgroupResources {
  /// cpuset.cpus and cpuset.mems. Source: cgroup-v2.rst, "Cpuset Interface Files".
  func cpusetSettings() -> [Setting] {
    var result: [Setting] = []
    if let cpusetCPUs, !cpusetCPUs.isEmpty { result.append(Setting(.cpuset, "cpuset.cpus", cpusetCPUs)) }
    if let cpusetMems, !cpusetMems.isEmpty { result.append(Setting(.cpuset, "cpuset.mems", cpusetMems)) }
    return result
  }
}
