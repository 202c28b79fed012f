import RuntimeAPI

/// A metric of this runtime: names, help and labels are cAdvisor's, by which dashboards know them. Times are whole seconds, as the CRI's
/// values have no fractions.
struct MetricFamily: Sendable {
  let descriptor: MetricDescriptor
  let kind: Metric.Kind
  /// Offered only where the kernel has what it counts.
  enum Needs { case nothing, pressure, hugePages }
  let needs: Needs

  var name: String { descriptor.name }

  private init(
    _ name: String, _ kind: Metric.Kind, _ help: String, labels: [String] = [], needs: Needs = .nothing
  ) {
    descriptor = MetricDescriptor(name: "container_" + name, help: help, labelKeys: Self.baseLabels + labels)
    self.kind = kind
    self.needs = needs
  }

  /// Of a container: its pod's name and namespace, its own name, its id, its image. Of a pod: container and image are empty.
  static let baseLabels = ["pod", "namespace", "container", "id", "image"]

  // MARK: Processors

  static let cpuUsage = Self("cpu_usage_seconds_total", .counter, "Cumulative CPU time consumed in seconds.")
  static let cpuUser = Self("cpu_user_seconds_total", .counter, "Cumulative user CPU time consumed in seconds.")
  static let cpuSystem = Self("cpu_system_seconds_total", .counter, "Cumulative system CPU time consumed in seconds.")
  static let cfsPeriods = Self("cpu_cfs_periods_total", .counter, "Number of elapsed enforcement period intervals.")
  static let cfsThrottled = Self("cpu_cfs_throttled_periods_total", .counter, "Number of throttled period intervals.")
  static let cfsThrottledSeconds = Self(
    "cpu_cfs_throttled_seconds_total", .counter, "Total time duration the container has been throttled.")

  // MARK: Memory

  static let memoryUsage = Self("memory_usage_bytes", .gauge, "Current memory usage in bytes, including all memory.")
  static let memoryWorkingSet = Self(
    "memory_working_set_bytes", .gauge, "Current working set in bytes: usage without inactive file pages.")
  static let memoryMaxUsage = Self("memory_max_usage_bytes", .gauge, "Maximum memory usage recorded in bytes.")
  static let memoryRSS = Self("memory_rss", .gauge, "Size of anonymous memory in bytes.")
  static let memoryCache = Self("memory_cache", .gauge, "Number of bytes of page cache memory.")
  static let memoryMappedFile = Self("memory_mapped_file", .gauge, "Size of memory mapped files in bytes.")
  static let memoryKernel = Self("memory_kernel_usage", .gauge, "Size of kernel memory allocated in bytes.")
  static let memorySwap = Self("memory_swap", .gauge, "Container swap usage in bytes.")
  static let memoryActiveFile = Self("memory_total_active_file_bytes", .gauge, "Bytes of file pages in active use.")
  static let memoryInactiveFile = Self("memory_total_inactive_file_bytes", .gauge, "Bytes of file pages not in active use.")
  static let memoryFailcnt = Self("memory_failcnt", .counter, "Number of times memory usage was about to go over its limit.")
  static let memoryFailures = Self(
    "memory_failures_total", .counter, "Cumulative count of page faults.", labels: ["failure_type", "scope"])
  static let oomEvents = Self("oom_events_total", .counter, "Count of processes killed for want of memory.")

  // MARK: Network, of the pod

  static let receivedBytes = Self(
    "network_receive_bytes_total", .counter, "Cumulative count of bytes received.", labels: ["interface"])
  static let receivedPackets = Self(
    "network_receive_packets_total", .counter, "Cumulative count of packets received.", labels: ["interface"])
  static let receivedErrors = Self(
    "network_receive_errors_total", .counter, "Cumulative count of errors encountered while receiving.", labels: ["interface"])
  static let receivedDrops = Self(
    "network_receive_packets_dropped_total", .counter, "Cumulative count of packets dropped while receiving.",
    labels: ["interface"])
  static let sentBytes = Self(
    "network_transmit_bytes_total", .counter, "Cumulative count of bytes transmitted.", labels: ["interface"])
  static let sentPackets = Self(
    "network_transmit_packets_total", .counter, "Cumulative count of packets transmitted.", labels: ["interface"])
  static let sentErrors = Self(
    "network_transmit_errors_total", .counter, "Cumulative count of errors encountered while transmitting.",
    labels: ["interface"])
  static let sentDrops = Self(
    "network_transmit_packets_dropped_total", .counter, "Cumulative count of packets dropped while transmitting.",
    labels: ["interface"])

  // MARK: Disks

  static let fsUsage = Self("fs_usage_bytes", .gauge, "Bytes of the container's writable layer.", labels: ["device"])
  static let fsLimit = Self("fs_limit_bytes", .gauge, "Size of the file system the writable layer is on.", labels: ["device"])
  static let fsInodes = Self("fs_inodes_total", .gauge, "Number of inodes of that file system.", labels: ["device"])
  static let fsInodesFree = Self("fs_inodes_free", .gauge, "Number of its available inodes.", labels: ["device"])
  static let fsReads = Self("fs_reads_total", .counter, "Cumulative count of reads completed.", labels: ["device"])
  static let fsReadBytes = Self("fs_reads_bytes_total", .counter, "Cumulative count of bytes read.", labels: ["device"])
  static let fsWrites = Self("fs_writes_total", .counter, "Cumulative count of writes completed.", labels: ["device"])
  static let fsWrittenBytes = Self("fs_writes_bytes_total", .counter, "Cumulative count of bytes written.", labels: ["device"])
  static let blockIO = Self(
    "blkio_device_usage_total", .counter, "Bytes read from and written to a block device.",
    labels: ["device", "major", "minor", "operation"])

  // MARK: Processes

  static let processes = Self("processes", .gauge, "Number of processes running inside the container.")
  static let threads = Self("threads", .gauge, "Number of threads running inside the container.")
  static let threadsMax = Self("threads_max", .gauge, "Maximum number of threads allowed inside the container; 0: no limit.")
  static let descriptors = Self("file_descriptors", .gauge, "Number of open file descriptors.")
  static let sockets = Self("sockets", .gauge, "Number of open sockets.")
  static let ulimits = Self("ulimits_soft", .gauge, "Soft limits of the container's first process.", labels: ["ulimit"])

  // MARK: Pressure

  static let cpuWaiting = Self(
    "pressure_cpu_waiting_seconds_total", .counter, "Time in which some tasks waited for a CPU.", needs: .pressure)
  static let cpuStalled = Self(
    "pressure_cpu_stalled_seconds_total", .counter, "Time in which all tasks waited for a CPU.", needs: .pressure)
  static let memoryWaiting = Self(
    "pressure_memory_waiting_seconds_total", .counter, "Time in which some tasks waited for memory.", needs: .pressure)
  static let memoryStalled = Self(
    "pressure_memory_stalled_seconds_total", .counter, "Time in which all tasks waited for memory.", needs: .pressure)
  static let ioWaiting = Self(
    "pressure_io_waiting_seconds_total", .counter, "Time in which some tasks waited for I/O.", needs: .pressure)
  static let ioStalled = Self(
    "pressure_io_stalled_seconds_total", .counter, "Time in which all tasks waited for I/O.", needs: .pressure)

  static let hugePages = Self(
    "hugetlb_usage_bytes", .gauge, "Current usage of huge pages in bytes.", labels: ["pagesize"], needs: .hugePages)

  // MARK: What was asked for

  static let specPeriod = Self("spec_cpu_period", .gauge, "CPU period of the container in microseconds.")
  static let specQuota = Self("spec_cpu_quota", .gauge, "CPU quota of the container in microseconds; 0: no limit.")
  static let specShares = Self("spec_cpu_shares", .gauge, "CPU share of the container.")
  static let specMemory = Self("spec_memory_limit_bytes", .gauge, "Memory limit of the container; 0: no limit.")
  static let specReservation = Self(
    "spec_memory_reservation_limit_bytes", .gauge, "Memory of the container that is never reclaimed.")
  static let specSwap = Self("spec_memory_swap_limit_bytes", .gauge, "Swap limit of the container; 0: no limit.")

  static let lastSeen = Self("last_seen", .gauge, "Last time the container was seen, seconds since 1970.")
  static let startTime = Self("start_time_seconds", .gauge, "Start time of the container, seconds since 1970.")

  static let all = [
    cpuUsage, cpuUser, cpuSystem, cfsPeriods, cfsThrottled, cfsThrottledSeconds, memoryUsage, memoryWorkingSet, memoryMaxUsage,
    memoryRSS, memoryCache, memoryMappedFile, memoryKernel, memorySwap, memoryActiveFile, memoryInactiveFile, memoryFailcnt,
    memoryFailures, oomEvents, receivedBytes, receivedPackets, receivedErrors, receivedDrops, sentBytes, sentPackets, sentErrors,
    sentDrops, fsUsage, fsLimit, fsInodes, fsInodesFree, fsReads, fsReadBytes, fsWrites, fsWrittenBytes, blockIO, processes,
    threads, threadsMax, descriptors, sockets, ulimits, cpuWaiting, cpuStalled, memoryWaiting, memoryStalled, ioWaiting,
    ioStalled, hugePages, specPeriod, specQuota, specShares, specMemory, specReservation, specSwap, lastSeen, startTime,
  ]
}
