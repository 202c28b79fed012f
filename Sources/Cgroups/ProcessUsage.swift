import Glibc
import LinuxSystem

/// What the processes of a cgroup use, summed from /proc: for nodes where the controller that would count it belongs to cgroup v1.
/// Processes that have ended do not count. nil: no process, or none that could be read.
public enum ProcessUsage {
  /// Resident bytes; pages that several processes share count for each of them. Source: proc_pid_statm(5).
  public static func residentBytes(_ cgroup: Cgroup) -> UInt64? {
    sum(cgroup) { process in
      guard let text = try? readFile("/proc/\(process)/statm") else { return nil }
      return residentPages(statm: text).map { $0 * UInt64(sysconf(Int32(_SC_PAGESIZE))) }
    }
  }

  /// User and system time of the living processes and their reaped children. Source: proc_pid_stat(5).
  public static func cpuMicroseconds(_ cgroup: Cgroup) -> UInt64? {
    sum(cgroup) { process in
      guard let text = try? readFile("/proc/\(process)/stat") else { return nil }
      return clockTicks(stat: text).map { $0 * 1_000_000 / UInt64(sysconf(Int32(_SC_CLK_TCK))) }
    }
  }

  static func residentPages(statm: String) -> UInt64? {
    let fields = statm.split(separator: " ")
    return fields.count > 1 ? UInt64(fields[1]) : nil
  }

  /// utime, stime, cutime and cstime: fields 14 to 17. The name (field 2) may hold spaces and parentheses.
  static func clockTicks(stat: String) -> UInt64? {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 14 else { return nil }
    return fields[11...14].reduce(UInt64(0)) { $0 + (UInt64($1) ?? 0) }
  }

  private static func sum(_ cgroup: Cgroup, _ value: (Int32) -> UInt64?) -> UInt64? {
    guard let processes = try? cgroup.processes(recursive: true) else { return nil }
    let values = processes.compactMap(value)
    return values.isEmpty ? nil : values.reduce(0, +)
  }
}
