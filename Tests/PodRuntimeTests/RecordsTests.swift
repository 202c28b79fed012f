import CRIMapping
import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Records")
struct RecordsTests {
  static let sandbox = SandboxRecord(
    id: SandboxID("s1"),
    config: SandboxConfig(
      metadata: SandboxMetadata(name: "web", uid: "u", namespace: "default", attempt: 2), hostname: "web", logDirectory: "/logs",
      dns: DNSConfig(servers: ["10.0.0.1"]), portMappings: [PortMapping(containerPort: 80, hostPort: 8080)], labels: ["a": "b"],
      sysctls: ["net.ipv4.ip_forward": "1"]),
    handler: "swiftlet", createdAt: 1_700_000_000_000_000_001, addresses: ["10.98.0.2", "fd00::2"], cgroup: "/p/s1",
    cgroupParent: "/p", ownsCgroupParent: true)

  static let container = ContainerRecord(
    id: ContainerID("c1"), sandboxID: SandboxID("s1"),
    config: ContainerConfig(
      metadata: ContainerMetadata(name: "app", attempt: 3), image: ImageSpec(image: "busybox"), command: ["sh"],
      args: ["-c", "true"],
      environment: [EnvironmentVariable(name: "A", value: "ü\n")],
      mounts: [Mount(containerPath: "/v", hostPath: "/h", readOnly: true)],
      resources: LinuxResources(cpuShares: 2)),
    createdAt: 5, imageID: "sha256:1", imageRef: "ref", imageName: "busybox:latest", cgroup: "/p/c1", logPath: "/logs/app.log",
    user: ContainerUser(uid: 1000, gid: 0, supplementalGroups: [0, 5]), stopSignalNumber: 15, stopSignal: 23)

  @Test("A sandbox comes back from its record")
  func sandboxes() throws {
    let read = try SandboxRecord(bytes: try Self.sandbox.bytes())
    #expect(read.config == Self.sandbox.config)
    #expect(read.id == Self.sandbox.id && read.handler == "swiftlet" && read.createdAt == Self.sandbox.createdAt)
    #expect(read.addresses == Self.sandbox.addresses && read.cgroups == ["/p/s1", "/p"] && read.ownsCgroupParent)
  }

  @Test("A container comes back from its record")
  func containers() throws {
    let read = try ContainerRecord(bytes: try Self.container.bytes())
    #expect(read.config == Self.container.config)
    #expect(read.user == Self.container.user && read.imageName == "busybox:latest" && read.logPath == "/logs/app.log")
    #expect(read.stopSignalNumber == 15 && read.stopSignal == 23 && read.sandboxID == Self.container.sandboxID)
  }

  @Test("What became of a container comes back")
  func states() throws {
    let state = ContainerStateRecord(
      startedAt: 3, end: ContainerEnd(finishedAt: 4, exitCode: -1, reason: "Error", message: "m"),
      resources: LinuxResources(cpuQuota: 5))
    #expect(try ContainerStateRecord(bytes: try state.bytes()) == state)
    #expect(try ContainerStateRecord(bytes: try ContainerStateRecord(startedAt: 3).bytes()) == ContainerStateRecord(startedAt: 3))
    #expect(try SandboxStateRecord(bytes: SandboxStateRecord(stopped: true).bytes()).stopped)
  }

  @Test("Fields of a newer CRI survive, also nested ones")
  func unknownFields() throws {
    // Field 999 (varint 7) beside the known ones, and inside `linux` (field 8) of the sandbox's configuration.
    let unknown: [UInt8] = [0xb8, 0x3e, 7]
    var wire = try Self.sandbox.config.wireBytes() + unknown
    wire += [8 << 3 | 2, UInt8(unknown.count)] + unknown
    var record = Self.sandbox
    record.config = try SandboxConfig(wireBytes: wire)
    #expect(record.config == Self.sandbox.config)
    record.config.wire = WireForm(wire)
    let reader = try RecordReader(try record.bytes(), .sandbox)
    #expect(reader.bytes(2) == wire)
    #expect(try SandboxRecord(bytes: try record.bytes()).config == Self.sandbox.config)
  }
}
