import LinuxSystem
import RuntimeAPI
import Testing

@testable import Cgroups
@testable import PodNetwork
@testable import PodRuntime

@Suite("Metrics of a container") struct MetricWriterTests {
  static let sandbox = SandboxRecord(
    id: SandboxID("s1"), config: SandboxConfig(metadata: SandboxMetadata(name: "web", uid: "u", namespace: "shop")), handler: "",
    createdAt: 1, cgroup: "/p/s1", cgroupParent: "/p", ownsCgroupParent: false)

  static func container(asked: String = "docker.io/library/nginx") -> ContainerRecord {
    var image = ImageSpec(image: "sha256:11")
    image.userSpecifiedImage = asked
    return ContainerRecord(
      id: ContainerID("c1"), sandboxID: SandboxID("s1"),
      config: ContainerConfig(metadata: ContainerMetadata(name: "app"), image: image),
      createdAt: 1, imageID: "sha256:11", imageRef: "sha256:11", imageName: "nginx:1", cgroup: "/p/c1", logPath: "",
      user: ContainerUser(uid: 0, gid: 0), stopSignalNumber: 15, stopSignal: 0)
  }

  static let traffic = InterfaceStatistics(
    name: "eth0", rxBytes: 1, rxPackets: 2, rxErrors: 3, rxDropped: 4, txBytes: 5, txPackets: 6, txErrors: 7, txDropped: 8)

  private func metrics(_ sample: ContainerSample, pressure: Bool = true) -> [Metric] {
    var writer = MetricWriter(sandbox: Self.sandbox, container: Self.container(), timestamp: 9)
    writer.add(sample, pressure: pressure)
    return writer.metrics
  }

  /// A sample as a node without any controller gives it.
  private var bare: ContainerSample {
    var sample = ContainerSample(timestamp: 7_900_000_000)
    sample.openLimit = 1024
    sample.fileSystem = FileSystemFacts(
      size: 100, available: 50, inodes: 10, freeInodes: 4, major: 8, minor: 1, device: "/dev/sda1")
    sample.hugePages = [("2MB", 0)]
    return sample
  }

  @Test("that the interface knows are all there once a pod has a container, on a node without controllers, too")
  func complete() {
    var pod = MetricWriter(sandbox: Self.sandbox, timestamp: 9)
    pod.add(Self.traffic)
    let all = metrics(bare) + pod.metrics
    #expect(Set(all.map(\.name)) == Set(MetricFamily.all.map(\.name)))
    #expect(MetricFamily.all.count == Set(MetricFamily.all.map(\.name)).count)
    for metric in all {
      let family = MetricFamily.all.first { $0.name == metric.name }
      #expect(family?.descriptor.labelKeys.count == metric.labelValues.count, "\(metric)")
      #expect(family?.kind == metric.kind && family?.descriptor.help.isEmpty == false)
    }
  }

  /// Source: critest 1.36, pkg/validate/pod.go; without the hugetlb maximum, which cgroup v2 does not count.
  static let wanted = """
    blkio_device_usage_total cpu_cfs_periods_total cpu_cfs_throttled_periods_total cpu_cfs_throttled_seconds_total \
    cpu_system_seconds_total cpu_usage_seconds_total cpu_user_seconds_total file_descriptors fs_inodes_free fs_inodes_total \
    fs_limit_bytes fs_reads_bytes_total fs_reads_total fs_usage_bytes fs_writes_bytes_total fs_writes_total hugetlb_usage_bytes \
    last_seen memory_cache memory_failcnt memory_failures_total memory_kernel_usage memory_mapped_file memory_max_usage_bytes \
    memory_rss memory_swap memory_usage_bytes memory_working_set_bytes network_receive_bytes_total network_receive_errors_total \
    network_receive_packets_dropped_total network_receive_packets_total network_transmit_bytes_total \
    network_transmit_errors_total network_transmit_packets_dropped_total network_transmit_packets_total oom_events_total \
    pressure_cpu_stalled_seconds_total pressure_cpu_waiting_seconds_total pressure_io_stalled_seconds_total \
    pressure_io_waiting_seconds_total pressure_memory_stalled_seconds_total pressure_memory_waiting_seconds_total processes \
    sockets spec_cpu_period spec_cpu_quota spec_cpu_shares spec_memory_limit_bytes spec_memory_reservation_limit_bytes \
    spec_memory_swap_limit_bytes start_time_seconds threads threads_max ulimits_soft
    """

  @Test("have the names that clients ask for") func names() {
    for name in Self.wanted.split(separator: " ") {
      #expect(MetricFamily.all.contains { $0.name == "container_\(name)" }, "\(name)")
    }
  }

  @Test("carry what was read, times in whole seconds") func values() {
    var sample = bare
    sample.startedAt = 5_999_999_999
    sample.cgroup.cpu = CgroupStats.CPU(
      usageMicroseconds: 3_500_000, userMicroseconds: 2_100_000, systemMicroseconds: 1_400_000, periods: 9, throttledPeriods: 4,
      throttledMicroseconds: 2_000_000)
    sample.memory = MemoryUsage(timestamp: 1, workingSet: 10, usage: 20, rss: 5, pageFaults: 7, majorPageFaults: 2)
    sample.devices = [.init(major: 8, minor: 16, readBytes: 11, writtenBytes: 12, reads: 13, writes: 14)]
    sample.deviceNames = ["/dev/sdb"]
    sample.cgroup.cpuPressure = .init(
      some: .init(average10: 0, average60: 0, average300: 0, totalMicroseconds: 4_000_000),
      full: .init(average10: 0, average60: 0, average300: 0, totalMicroseconds: 1_000_000))
    sample.resources = LinuxResources(cpuPeriod: 50_000, cpuQuota: 25_000, cpuShares: 512, memoryLimit: 1 << 20)
    let found = metrics(sample)
    func value(_ name: String, _ labels: String...) -> UInt64? {
      found.first { $0.name == "container_\(name)" && Array($0.labelValues.dropFirst(5)) == labels }?.value
    }
    #expect(value("cpu_usage_seconds_total") == 3 && value("cpu_user_seconds_total") == 2)
    #expect(value("cpu_cfs_throttled_seconds_total") == 2 && value("cpu_cfs_periods_total") == 9)
    #expect(value("start_time_seconds") == 5 && value("last_seen") == 7)
    #expect(value("memory_working_set_bytes") == 10 && value("memory_usage_bytes") == 20 && value("memory_rss") == 5)
    #expect(value("memory_failures_total", "pgfault", "container") == 7)
    #expect(value("memory_failures_total", "pgmajfault", "hierarchy") == 2)
    #expect(value("fs_reads_total", "/dev/sdb") == 13 && value("fs_writes_bytes_total", "/dev/sdb") == 12)
    #expect(value("blkio_device_usage_total", "/dev/sdb", "8", "16", "Read") == 11)
    #expect(value("fs_limit_bytes", "/dev/sda1") == 100 && value("fs_inodes_free", "/dev/sda1") == 4)
    #expect(value("pressure_cpu_waiting_seconds_total") == 4 && value("pressure_cpu_stalled_seconds_total") == 1)
    #expect(value("spec_cpu_period") == 50_000 && value("spec_cpu_quota") == 25_000 && value("spec_cpu_shares") == 512)
    #expect(value("spec_memory_limit_bytes") == 1 << 20 && value("ulimits_soft", "max_open_files") == 1024)
  }

  @Test("are labelled with pod, namespace, container, id and the image somebody asked for") func labels() {
    let first = metrics(bare).first
    #expect(first?.labelValues == ["web", "shop", "app", "c1", "docker.io/library/nginx"])
    let unasked = MetricWriter(sandbox: Self.sandbox, container: Self.container(asked: ""), timestamp: 9)
    var writer = unasked
    writer.add(bare, pressure: false)
    #expect(writer.metrics.first?.labelValues.last == "nginx:1")
    #expect(!writer.metrics.contains { $0.name.contains("pressure") })
    var pod = MetricWriter(sandbox: Self.sandbox, timestamp: 9)
    pod.add(Self.traffic)
    #expect(pod.metrics.first?.labelValues == ["web", "shop", "", "s1", "", "eth0"])
    #expect(pod.metrics.map(\.value) == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test(
    "of huge pages are found by the names that cgroup files have",
    arguments: [("hugepages-2048kB", "2MB"), ("hugepages-1048576kB", "1GB"), ("hugepages-64kB", "64KB"), ("other", nil)])
  func hugePages(_ name: String, _ size: String?) {
    #expect(HugePageSize.cgroupName(name) == size)
  }
}
