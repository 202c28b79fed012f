import Testing

@testable import PodRuntime

@Suite("The dump of a container") struct CriuDumpTests {
  /// Shape of a container's /proc/PID/mountinfo, shortened.
  static let mounts = """
    600 500 0:41 / / rw,relatime - overlay overlay rw,lowerdir=/l
    601 600 0:42 / /proc rw,nosuid - proc proc rw
    602 601 0:42 /sys /proc/sys ro,nosuid - proc proc rw
    603 600 0:43 / /dev rw,nosuid - tmpfs tmpfs rw
    604 603 0:44 / /dev/pts rw - devpts devpts rw
    605 603 0:45 / /dev/shm rw - tmpfs shm rw
    606 600 0:46 / /sys ro - sysfs sysfs ro
    607 606 0:27 /pod/c /sys/fs/cgroup ro - cgroup2 cgroup rw
    608 600 254:1 /var/lib/v /data rw master:3 - ext4 /dev/vda1 rw
    609 601 0:47 /empty /proc/kcore ro - tmpfs masks ro
    610 600 254:1 /var/lib/w /data rw - ext4 /dev/vda1 rw

    """

  private func dump(_ hasTerminal: Bool = false) -> CriuDump {
    CriuDump(
      process: 4711, images: "/c/checkpoint", work: "/c", mountInfo: Self.mounts, podProcessNamespace: "pid:[18]",
      hasTerminal: hasTerminal)
  }

  @Test("names what comes from outside of the container: volumes, devices of the pod, masks, cgroups") func external() {
    #expect(dump().externalMounts == ["/proc/sys", "/dev/shm", "/sys/fs/cgroup", "/data", "/proc/kcore"])
  }

  @Test("leaves the container running, and the namespaces of its pod alone") func arguments() {
    let arguments = dump().arguments
    #expect(arguments.starts(with: ["dump", "--tree", "4711", "--images-dir", "/c/checkpoint", "--work-dir", "/c"]))
    #expect(arguments.contains("--leave-running") && !arguments.contains("--shell-job"))
    for external in ["pid[18]:pod", "mnt[/data]:/data"] {
      #expect(zip(arguments, arguments.dropFirst()).contains { $0 == ("--external", external) }, "\(external)")
    }
    #expect(dump(true).arguments.contains("--shell-job") && dump().entry == ["--net=/proc/4711/ns/net", "--"])
  }

  @Test("fails with the last error that criu wrote down") func reason() {
    let log = """
      (00.001) Running dump
      (00.002) Error (criu/mount.c:1): first
      (00.003) Error (criu/cr-dump.c:2): last
      (00.004) Unlock network
      (00.005) Error (criu/cr-dump.c:2053): Dumping FAILED.
      """
    #expect(CriuDump.reason(log: log) == "Error (criu/cr-dump.c:2): last")
    #expect(CriuDump.reason(log: "(00.1) all is well") == nil)
  }

  @Test("needs criu, and says so") func missing() {
    let error = #expect(throws: (any Error).self) { try CheckpointPrograms.find(in: ["/nonexistent"]) }
    #expect("\(String(describing: error))".contains("install the package criu"))
  }
}
