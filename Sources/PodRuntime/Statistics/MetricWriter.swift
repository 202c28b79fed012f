import Cgroups
import LinuxSystem
import PodNetwork
import RuntimeAPI

/// Collects the metrics of one pod or container, which share labels and a timestamp.
struct MetricWriter {
  private(set) var metrics: [Metric] = []
  private let labels: [String]
  private let timestamp: Int64

  /// - Parameter container: nil for the pod itself.
  init(sandbox: SandboxRecord, container: ContainerRecord? = nil, timestamp: Int64) {
    let pod = sandbox.config.metadata
    if let container {
      let asked = container.config.image.userSpecifiedImage
      labels = [
        pod.name, pod.namespace, container.config.metadata.name, container.id.rawValue, asked.isEmpty ? container.imageName : asked,
      ]
    } else {
      labels = [pod.name, pod.namespace, "", sandbox.id.rawValue, ""]
    }
    self.timestamp = timestamp
    metrics.reserveCapacity(container == nil ? 8 : 72)
  }

  private mutating func add(_ family: MetricFamily, _ value: UInt64, _ more: String...) {
    metrics.append(
      Metric(
        name: family.name, timestamp: timestamp, kind: family.kind, labelValues: more.isEmpty ? labels : labels + more, value: value
      ))
  }

  mutating func add(_ traffic: InterfaceStatistics) {
    let name = traffic.name
    add(.receivedBytes, traffic.rxBytes, name)
    add(.receivedPackets, traffic.rxPackets, name)
    add(.receivedErrors, traffic.rxErrors, name)
    add(.receivedDrops, traffic.rxDropped, name)
    add(.sentBytes, traffic.txBytes, name)
    add(.sentPackets, traffic.txPackets, name)
    add(.sentErrors, traffic.txErrors, name)
    add(.sentDrops, traffic.txDropped, name)
  }

  /// - Parameter pressure: whether the kernel measures it: what it measures and a cgroup lacks is 0, as everything a controller would count
  ///   that the node has not.
  mutating func add(_ sample: ContainerSample, pressure: Bool) {
    add(.lastSeen, UInt64(clamping: sample.timestamp / 1_000_000_000))
    add(.startTime, UInt64(clamping: sample.startedAt / 1_000_000_000))
    addProcessors(sample.cgroup.cpu)
    addMemory(sample)
    addDisks(sample)
    addProcesses(sample)
    addLimits(sample)
    for pages in sample.hugePages { add(.hugePages, pages.bytes, pages.size) }
    guard pressure else { return }
    addPressure(sample.cgroup.cpuPressure, .cpuWaiting, .cpuStalled)
    addPressure(sample.cgroup.memoryPressure, .memoryWaiting, .memoryStalled)
    addPressure(sample.cgroup.io, .ioWaiting, .ioStalled)
  }

  private mutating func addProcessors(_ cpu: CgroupStats.CPU?) {
    add(.cpuUsage, (cpu?.usageMicroseconds ?? 0) / 1_000_000)
    add(.cpuUser, (cpu?.userMicroseconds ?? 0) / 1_000_000)
    add(.cpuSystem, (cpu?.systemMicroseconds ?? 0) / 1_000_000)
    add(.cfsPeriods, cpu?.periods ?? 0)
    add(.cfsThrottled, cpu?.throttledPeriods ?? 0)
    add(.cfsThrottledSeconds, (cpu?.throttledMicroseconds ?? 0) / 1_000_000)
  }

  private mutating func addMemory(_ sample: ContainerSample) {
    let (usage, memory, events) = (sample.memory, sample.cgroup.memory, sample.cgroup.events)
    add(.memoryUsage, usage?.usage ?? 0)
    add(.memoryWorkingSet, usage?.workingSet ?? 0)
    // Linux before 5.19 does not keep it.
    add(.memoryMaxUsage, memory?.peak ?? usage?.usage ?? 0)
    add(.memoryRSS, usage?.rss ?? 0)
    add(.memoryCache, memory?.file ?? 0)
    add(.memoryMappedFile, memory?.fileMapped ?? 0)
    add(.memoryKernel, memory?.kernel ?? 0)
    add(.memorySwap, memory?.swapCurrent ?? 0)
    add(.memoryActiveFile, memory?.activeFile ?? 0)
    add(.memoryInactiveFile, memory?.inactiveFile ?? 0)
    add(.memoryFailcnt, events?.max ?? 0)
    // No cgroup is below a container's, unless the container made it.
    for scope in ["container", "hierarchy"] {
      add(.memoryFailures, usage?.pageFaults ?? 0, "pgfault", scope)
      add(.memoryFailures, usage?.majorPageFaults ?? 0, "pgmajfault", scope)
    }
    add(.oomEvents, events?.oomKill ?? 0)
  }

  private mutating func addDisks(_ sample: ContainerSample) {
    let disk = sample.fileSystem
    add(.fsUsage, sample.writableBytes, disk.device)
    add(.fsLimit, disk.size, disk.device)
    add(.fsInodes, disk.inodes, disk.device)
    add(.fsInodesFree, disk.freeInodes, disk.device)
    // One that used none has its own disk's zeros.
    let none = [(CgroupStats.Device(major: disk.major, minor: disk.minor), disk.device)]
    for (device, name) in sample.devices.isEmpty ? none : Array(zip(sample.devices, sample.deviceNames)) {
      add(.fsReads, device.reads, name)
      add(.fsReadBytes, device.readBytes, name)
      add(.fsWrites, device.writes, name)
      add(.fsWrittenBytes, device.writtenBytes, name)
      add(.blockIO, device.readBytes, name, "\(device.major)", "\(device.minor)", "Read")
      add(.blockIO, device.writtenBytes, name, "\(device.major)", "\(device.minor)", "Write")
    }
  }

  private mutating func addProcesses(_ sample: ContainerSample) {
    add(.processes, sample.processes)
    add(.threads, sample.threads)
    add(.threadsMax, sample.cgroup.pids?.max ?? 0)
    add(.descriptors, sample.open.count)
    add(.sockets, sample.open.sockets)
    if let limit = sample.openLimit { add(.ulimits, limit, "max_open_files") }
  }

  /// The kernel's defaults stand for what nobody asked for.
  private mutating func addLimits(_ sample: ContainerSample) {
    let resources = sample.resources
    add(.specPeriod, resources.cpuPeriod > 0 ? UInt64(resources.cpuPeriod) : 100_000)
    add(.specQuota, UInt64(max(0, resources.cpuQuota)))
    add(.specShares, resources.cpuShares > 0 ? UInt64(resources.cpuShares) : 1024)
    add(.specMemory, UInt64(max(0, resources.memoryLimit)))
    add(.specReservation, resources.unified["memory.min"].flatMap { UInt64($0) } ?? 0)
    add(.specSwap, sample.cgroup.memory?.swapMax ?? 0)
  }

  private mutating func addPressure(_ pressure: CgroupStats.Pressure?, _ some: MetricFamily, _ full: MetricFamily) {
    add(some, (pressure?.some.totalMicroseconds ?? 0) / 1_000_000)
    add(full, (pressure?.full.totalMicroseconds ?? 0) / 1_000_000)
  }
}
