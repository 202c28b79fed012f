import Foundation
import LinuxRuntime
import OCISpec
import RuntimeAPI
import Testing

@testable import PodRuntime

/// What containers become as OCI specs, as JSON in Fixtures/Specs. `UPDATE_GOLDEN=1` writes the files anew.
@Suite("The OCI spec of a container") struct SpecBuilderGoldenTests {
  private static let image = ImageConfig(
    architecture: "amd64",
    config: ImageExecution(
      env: ["PATH=/image/bin", "A=image", "EMPTY"], entrypoint: ["/entry"], cmd: ["--serve"], workingDir: "/work"),
    rootfs: ImageRootFS(type: "layers", diffIDs: []))

  private static func inputs(_ config: ContainerConfig, sandbox: SandboxSecurityContext = SandboxSecurityContext())
    -> SpecBuilder.Inputs
  {
    SpecBuilder.Inputs(
      config: config,
      sandbox: SandboxConfig(
        metadata: SandboxMetadata(name: "pod", uid: "u1", namespace: "default"), hostname: "pod", securityContext: sandbox),
      image: image, user: .init(uid: 0, gid: 0, groups: [0], home: "/root"), hostname: "pod",
      files: .init(hostname: "/state/hostname", hosts: "/state/hosts", resolvConf: "/state/resolv.conf", shm: "/state/shm"),
      cgroupPath: "/kubepods/pod/c", capabilities: CapabilitiesSpec(bounding: ["CAP_CHOWN"]),
      seccomp: SeccompSpec(defaultAction: "SCMP_ACT_ERRNO"), devices: DefaultSpec.devices, deviceRules: DefaultSpec.deviceRules)
  }

  private static func config(_ change: (inout ContainerConfig) -> Void = { _ in }) -> ContainerConfig {
    var config = ContainerConfig(metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "app:1"))
    change(&config)
    return config
  }

  @Test("of the simplest container: the image says what runs")
  func plain() throws { try compare(Self.inputs(Self.config()), "plain") }

  @Test("with everything a pod can say about its process, resources and security")
  func everything() throws {
    var inputs = Self.inputs(
      Self.config { config in
        config.command = ["/bin/app"]
        config.args = ["-v"]
        config.workingDirectory = "/srv"
        config.environment = [
          .init(name: "A", value: "pod"), .init(name: "HOME", value: "/home/app"), .init(name: "B", value: "a=b"),
        ]
        config.tty = true
        config.resources = LinuxResources(
          cpuPeriod: 100_000, cpuQuota: 50_000, cpuShares: 512, memoryLimit: 64 << 20, oomScoreAdjust: 997, cpusetCPUs: "0-1",
          cpusetMemoryNodes: "0", hugepageLimits: [.init(pageSize: "2MB", limit: 4 << 20)], unified: ["memory.high": "60000000"])
        config.securityContext.readOnlyRootFilesystem = true
        config.securityContext.noNewPrivileges = true
        config.securityContext.maskedPaths = ["/proc/kcore", "/sys/firmware"]
        config.securityContext.readOnlyPaths = ["/proc/sys"]
      })
    inputs.user = .init(uid: 1000, gid: 2000, groups: [2000, 3000], home: "/home/app")
    inputs.appArmorProfile = "swiftlet-default"
    try compare(inputs, "everything")
  }

  @Test("with mounts: by depth, instead of the defaults at their paths, with the propagation asked for")
  func mounts() throws {
    let inputs = Self.inputs(
      Self.config { config in
        config.mounts = [
          Mount(containerPath: "/data/deep/er", hostPath: "/host/deeper"),
          Mount(containerPath: "/data", hostPath: "/host/data", readOnly: true, propagation: .hostToContainer),
          Mount(containerPath: "/etc/hosts", hostPath: "/kubelet/hosts"),
          Mount(containerPath: "/dev/shm/", hostPath: "/host/shm"),
          Mount(containerPath: "/sealed", hostPath: "/host/sealed", readOnly: true, recursiveReadOnly: true),
        ]
      })
    try compare(inputs, "mounts")
  }

  @Test("with a mount that spreads to the host, and a /dev of its own")
  func bidirectional() throws {
    try compare(
      Self.inputs(
        Self.config { config in
          config.mounts = [
            Mount(containerPath: "/csi", hostPath: "/host/csi", propagation: .bidirectional),
            Mount(containerPath: "/dev", hostPath: "/dev"),
          ]
        }), "bidirectional")
  }

  @Test("of a privileged one: nothing is masked and nothing filtered, whatever else it says")
  func privileged() throws {
    try compare(
      Self.inputs(
        Self.config { config in
          config.securityContext.privileged = true
          config.securityContext.maskedPaths = ["/proc/kcore"]
          config.securityContext.readOnlyPaths = ["/proc/sys"]
        }), "privileged")
  }

  @Test("with the host's namespaces")
  func hostNamespaces() throws {
    let host = NamespaceOption(network: .node, pid: .node, ipc: .node)
    try compare(
      Self.inputs(
        Self.config { config in config.securityContext.namespaces = host },
        sandbox: SandboxSecurityContext(namespaces: host)), "host-namespaces")
  }

  @Test("in the pod's pid namespace, and in another container's")
  func pidNamespaces() throws {
    try compare(Self.inputs(Self.config { $0.securityContext.namespaces.pid = .pod }), "pid-pod")
    try compare(
      Self.inputs(
        Self.config { config in
          config.securityContext.namespaces.pid = .target
          config.securityContext.namespaces.targetID = "other"
        }), "pid-target")
  }

  @Test("names what runs: a command replaces entrypoint and arguments of the image, arguments replace only the latter")
  func arguments() throws {
    func args(_ command: [String], _ args: [String]) throws -> [String]? {
      try SpecBuilder(
        inputs: Self.inputs(
          Self.config { config in
            config.command = command
            config.args = args
          })
      ).build().process?.args
    }
    #expect(try args([], []) == ["/entry", "--serve"])
    #expect(try args([], ["a"]) == ["/entry", "a"])
    #expect(try args(["x"], []) == ["x"])
    #expect(try args(["x"], ["a"]) == ["x", "a"])
    var nothing = Self.inputs(Self.config())
    nothing.image.config = nil
    let error = #expect(throws: RuntimeError.self) { try SpecBuilder(inputs: nothing).build() }
    #expect(
      error?.code == .invalidArgument && error?.description.contains("neither the pod nor image app:1 names a command") == true)
    #expect(throws: RuntimeError.self) { try args([""], []) }
  }

  @Test("0 and empty resources are none; a memory limit alone leaves no swap")
  func resources() {
    let none = SpecBuilder.resources(LinuxResources())
    #expect(none.cpu == ResourcesSpec.CPU() && none.memory == ResourcesSpec.Memory())
    #expect(SpecBuilder.resources(nil) == ResourcesSpec())
    #expect(SpecBuilder.resources(LinuxResources(memoryLimit: 5)).memory == ResourcesSpec.Memory(limit: 5, swap: 5))
    #expect(
      SpecBuilder.resources(LinuxResources(memoryLimit: 5, memorySwapLimit: -1)).memory == ResourcesSpec.Memory(limit: 5, swap: -1))
    #expect(SpecBuilder.resources(LinuxResources(cpuQuota: -1)).cpu?.quota == -1)
  }

  private func compare(_ inputs: SpecBuilder.Inputs, _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/Specs/\(name).json")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let spec = try SpecBuilder(inputs: inputs).build()
    let text = String(decoding: try encoder.encode(spec), as: UTF8.self) + "\n"
    // What is stored with the container is what was built.
    #expect(try JSONDecoder().decode(RuntimeSpec.self, from: Data(text.utf8)) == spec, sourceLocation: location)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      return try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    let difference = text.split(separator: "\n").difference(from: expected.split(separator: "\n")).map { "\($0)" }
    #expect(
      text == expected, "\(name).json: \(difference.joined(separator: "\n")); UPDATE_GOLDEN=1 writes it anew",
      sourceLocation: location)
  }
}
