import Cgroups
import LinuxSystem
import RuntimeAPI

/// What was read about a running container at one moment, each file once.
struct ContainerSample: Sendable {
  /// CLOCK_REALTIME nanoseconds.
  var timestamp: Int64
  var startedAt: Int64 = 0
  var cgroup = CgroupStats()
  var memory: MemoryUsage?
  var devices: [CgroupStats.Device] = []
  var deviceNames: [String] = []
  /// By page size.
  var hugePages: [(size: String, bytes: UInt64)] = []
  var processes: UInt64 = 0
  var threads: UInt64 = 0
  var open = OpenDescriptors()
  var openLimit: UInt64?
  var writableBytes: UInt64 = 0
  /// Of the writable layer.
  var fileSystem = FileSystemFacts()
  var resources = LinuxResources()
}

extension ContainerSample {
  /// Blocking. A part that cannot be read stays empty: the container may be ending.
  init(
    of container: Container, _ group: Cgroup, firstProcess: Int32, fileSystem: FileSystemFacts, hugePageSizes: [String]
  ) {
    self.init(timestamp: wallClockNanoseconds())
    (startedAt, resources) = (container.machine.startedAt, container.resources ?? LinuxResources())
    cgroup = group.stats()
    memory = cgroup.memory(timestamp) ?? residentMemory(group, timestamp)
    devices = group.devices()
    deviceNames = devices.map { FileSystemFacts.deviceName($0.major, $0.minor) }
    hugePages = hugePageSizes.map { ($0, group.hugePageBytes($0) ?? 0) }
    let members = (try? group.processes(recursive: true)) ?? []
    processes = UInt64(members.count)
    threads = cgroup.pids?.current ?? group.threadCount()
    for process in members {
      guard let found = OpenDescriptors.of(process: process) else { continue }
      open.count += found.count
      open.sockets += found.sockets
    }
    openLimit = ProcessLimits.openDescriptors(of: firstProcess)
    self.fileSystem = fileSystem
  }
}
