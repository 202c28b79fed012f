/// What the kernel counted for a cgroup and all below it. A part is nil when the kernel has no such file:
/// its controller is missing, or the cgroup.
public struct CgroupStats: Equatable, Sendable {
  public struct CPU: Equatable, Sendable {
    public var usageMicroseconds: UInt64
    public var userMicroseconds: UInt64
    public var systemMicroseconds: UInt64
    /// Of cpu.max; 0 without the cpu controller.
    public var periods: UInt64
    public var throttledPeriods: UInt64
    public var throttledMicroseconds: UInt64
  }

  /// Bytes, except the faults.
  public struct Memory: Equatable, Sendable {
    public var current: UInt64
    public var anonymous: UInt64
    public var file: UInt64
    public var fileMapped: UInt64 = 0
    public var activeFile: UInt64 = 0
    public var inactiveFile: UInt64
    public var kernel: UInt64
    public var pageFaults: UInt64
    public var majorPageFaults: UInt64
    /// nil: unlimited.
    public var max: UInt64?
    /// nil: no swap accounting.
    public var swapCurrent: UInt64?
    /// nil: unlimited or no swap accounting.
    public var swapMax: UInt64?
    public var peak: UInt64?
  }

  public struct Pids: Equatable, Sendable {
    public var current: UInt64
    /// nil: unlimited.
    public var max: UInt64?
  }

  /// What went to and came from one block device. Source: io.stat of cgroup-v2.rst.
  public struct Device: Equatable, Sendable {
    public var major: UInt32
    public var minor: UInt32
    public var readBytes: UInt64
    public var writtenBytes: UInt64
    public var reads: UInt64
    public var writes: UInt64

    public init(
      major: UInt32, minor: UInt32, readBytes: UInt64 = 0, writtenBytes: UInt64 = 0, reads: UInt64 = 0, writes: UInt64 = 0
    ) {
      self.major = major
      self.minor = minor
      self.readBytes = readBytes
      self.writtenBytes = writtenBytes
      self.reads = reads
      self.writes = writes
    }
  }

  /// Counters of memory.events.
  public struct MemoryEvents: Equatable, Sendable {
    public var oom: UInt64
    public var oomKill: UInt64
    public var oomGroupKill: UInt64
    public var max: UInt64
    public var high: UInt64
  }

  /// One line of a pressure file. Source: kernel Documentation/accounting/psi.rst.
  public struct PressureLine: Equatable, Sendable {
    /// Share of the last 10, 60 and 300 seconds in percent.
    public var average10: Double
    public var average60: Double
    public var average300: Double
    public var totalMicroseconds: UInt64
  }

  /// Time in which some or all tasks waited for a resource.
  public struct Pressure: Equatable, Sendable {
    public var some: PressureLine
    public var full: PressureLine
  }

  public init() {}

  public var cpu: CPU?
  public var memory: Memory?
  public var pids: Pids?
  public var events: MemoryEvents?
  public var cpuPressure: Pressure?
  public var memoryPressure: Pressure?
  public var io: Pressure?
}
