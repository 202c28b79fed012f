import LinuxSystem

extension Cgroup {
  /// Reads about a dozen small files. Parts without a file are nil, also all of them.
  public func stats() -> CgroupStats {
    var stats = CgroupStats()
    guard (try? validate()) != nil else { return stats }
    stats.cpu = text("cpu.stat").flatMap { CgroupStats.CPU(stat: FlatKeys($0)) }
    stats.memory = memoryStats()
    if let current = number("pids.current") { stats.pids = CgroupStats.Pids(current: current, max: number("pids.max")) }
    stats.events = text("memory.events").map { CgroupStats.MemoryEvents(events: FlatKeys($0)) }
    stats.cpuPressure = text("cpu.pressure").flatMap(CgroupStats.Pressure.init(text:))
    stats.memoryPressure = text("memory.pressure").flatMap(CgroupStats.Pressure.init(text:))
    stats.io = text("io.pressure").flatMap(CgroupStats.Pressure.init(text:))
    return stats
  }

  /// Of each block device that was used; empty without the io controller.
  public func devices() -> [CgroupStats.Device] {
    guard (try? validate()) != nil else { return [] }
    return (text("io.stat") ?? "").split(separator: "\n").compactMap(CgroupStats.Device.init(line:))
  }

  /// Bytes in huge pages of a size such as `2MB`; nil without the hugetlb controller, or the size.
  public func hugePageBytes(_ pageSize: String) -> UInt64? {
    guard (try? validate()) != nil else { return nil }
    return number("hugetlb.\(pageSize).current")
  }

  /// Tasks, of this cgroup alone; for nodes without the pids controller.
  public func threadCount() -> UInt64 {
    guard (try? validate()) != nil else { return 0 }
    return UInt64((text("cgroup.threads") ?? "").utf8.count { $0 == UInt8(ascii: "\n") })
  }

  private func memoryStats() -> CgroupStats.Memory? {
    guard let current = number("memory.current"), let stat = text("memory.stat").map(FlatKeys.init) else { return nil }
    return CgroupStats.Memory(
      current: current, anonymous: stat["anon"] ?? 0, file: stat["file"] ?? 0, fileMapped: stat["file_mapped"] ?? 0,
      activeFile: stat["active_file"] ?? 0, inactiveFile: stat["inactive_file"] ?? 0,
      // Linux before 5.18 has no sum.
      kernel: stat["kernel"] ?? (stat["slab"] ?? 0) + (stat["kernel_stack"] ?? 0) + (stat["pagetables"] ?? 0),
      pageFaults: stat["pgfault"] ?? 0, majorPageFaults: stat["pgmajfault"] ?? 0, max: number("memory.max"),
      swapCurrent: number("memory.swap.current"), swapMax: number("memory.swap.max"), peak: number("memory.peak"))
  }

  private func text(_ name: String) -> String? { try? readFile(file(name)) }

  /// nil also for `max`.
  private func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0.prefix { $0 != "\n" }) } }
}

extension CgroupStats.CPU {
  init?(stat: FlatKeys) {
    guard let usage = stat["usage_usec"] else { return nil }
    self.init(
      usageMicroseconds: usage, userMicroseconds: stat["user_usec"] ?? 0, systemMicroseconds: stat["system_usec"] ?? 0,
      periods: stat["nr_periods"] ?? 0, throttledPeriods: stat["nr_throttled"] ?? 0,
      throttledMicroseconds: stat["throttled_usec"] ?? 0)
  }
}

extension CgroupStats.Device {
  /// `8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0`
  init?(line: Substring) {
    let fields = line.split(separator: " ")
    let numbers = (fields.first ?? "").split(separator: ":").compactMap { UInt32($0) }
    guard numbers.count == 2, fields.count > 1 else { return nil }
    self.init(major: numbers[0], minor: numbers[1])
    for field in fields.dropFirst() {
      let pair = field.split(separator: "=")
      guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
      switch pair[0] {
      case "rbytes": readBytes = value
      case "wbytes": writtenBytes = value
      case "rios": reads = value
      case "wios": writes = value
      default: continue
      }
    }
  }
}

extension CgroupStats.MemoryEvents {
  init(events: FlatKeys) {
    self.init(
      oom: events["oom"] ?? 0, oomKill: events["oom_kill"] ?? 0, oomGroupKill: events["oom_group_kill"] ?? 0,
      max: events["max"] ?? 0, high: events["high"] ?? 0)
  }
}

extension CgroupStats.Pressure {
  /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, likewise `full` (which some kernels leave out for cpu: zeros).
  init?(text: String) {
    var lines: [Substring: CgroupStats.PressureLine] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      var values: [Substring: Substring] = [:]
      for field in fields.dropFirst() {
        let pair = field.split(separator: "=")
        if pair.count == 2 { values[pair[0]] = pair[1] }
      }
      guard let name = fields.first, let total = values["total"].flatMap({ UInt64($0) }) else { continue }
      let averages = ["avg10", "avg60", "avg300"].map { values[$0].flatMap { Double($0) } ?? 0 }
      lines[name] = CgroupStats.PressureLine(
        average10: averages[0], average60: averages[1], average300: averages[2], totalMicroseconds: total)
    }
    guard let some = lines["some"] else { return nil }
    self.init(
      some: some,
      full: lines["full"] ?? CgroupStats.PressureLine(average10: 0, average60: 0, average300: 0, totalMicroseconds: 0))
  }
}
