import Foundation
import LinuxRuntime
import OCISpec
import ShimCore
import Testing

/// What the builder makes of typical configurations, as text in Fixtures/Programs. `UPDATE_GOLDEN=1` writes the files anew.
@Suite("A set-up program") struct SetupProgramGoldenTests {
  static let filter = [UInt8](repeating: 6, count: 16)

  static func options(root: RootFileSystem = .overlay(layers: ["/l/2", "/l/1"], upper: "/u", work: "/w")) -> SetupOptions {
    var options = SetupOptions(root: root, mountPoint: "/run/swiftlet/root")
    options.seccomp = filter
    return options
  }

  static func process() throws -> ProcessSpec {
    let capabilities = try CapabilitySet(names: CapabilitySet.containerDefaultNames).spec()
    return ProcessSpec(
      user: UserSpec(uid: 1000, gid: 2000, additionalGids: [2000, 29]), args: ["server", "--port", "80"],
      env: ["PATH=/usr/bin:/bin", "HOME=/home/app"], cwd: "/srv", capabilities: capabilities,
      rlimits: [RLimitSpec(type: "RLIMIT_NOFILE", soft: 1024, hard: 4096)], noNewPrivileges: true, oomScoreAdj: 500)
  }

  static func spec() throws -> RuntimeSpec {
    let joined = [NamespaceSpec.Kind.network, .ipc, .uts, .pid].map { NamespaceSpec(type: $0, path: NamespacePath.process()) }
    return RuntimeSpec(
      process: try process(), root: RootSpec(path: "rootfs"), hostname: nil,
      mounts: DefaultSpec.mounts(sharedMemory: "/run/pod/shm", privileged: false, cgroup: true) + [
        MountSpec(destination: "/etc/hosts", type: "bind", source: "/run/pod/hosts", options: ["rbind", "rprivate", "rw"]),
        MountSpec(destination: "/data", type: "bind", source: "/var/volumes/data", options: ["rbind", "rslave", "ro", "noexec"]),
      ],
      linux: LinuxSpec(
        namespaces: joined + [NamespaceSpec(type: .mount), NamespaceSpec(type: .cgroup)], devices: DefaultSpec.devices,
        sysctl: ["net.ipv4.ip_forward": "1"], maskedPaths: ["/proc/kcore", "/sys/firmware"], readonlyPaths: ["/proc/sys"]))
  }

  @Test("of a container")
  func container() throws {
    try compare(try SetupProgramBuilder.container(spec: try Self.spec(), options: Self.options()), "container")
  }

  @Test("of a privileged container without new privileges, seccomp and a writable root, on an old kernel")
  func privileged() throws {
    var spec = try Self.spec()
    spec.process?.capabilities = CapabilitySet(mask: (1 << 41) - 1).spec()
    spec.process?.noNewPrivileges = false
    spec.root?.readonly = true
    spec.linux?.maskedPaths = nil
    spec.linux?.readonlyPaths = nil
    spec.linux?.sysctl = nil
    spec.mounts = DefaultSpec.mounts(sharedMemory: nil, privileged: true, cgroup: true)
    var options = Self.options(root: .overlayByMount(base: "/images", layers: ["2", "1"], upper: "/u", work: "/w"))
    options.seccomp = nil
    try compare(try SetupProgramBuilder.container(spec: spec, options: options), "privileged")
  }

  @Test("makes the root a peer only after pivot_root, which refuses a shared one")
  func sharedRoot() throws {
    var spec = try Self.spec()
    spec.linux?.rootfsPropagation = "rshared"
    let operations = try SetupProgramBuilder.container(spec: spec, options: Self.options()).operations
    let pivot = try #require(operations.firstIndex(of: .pivotRoot))
    let propagation = try #require(
      operations.firstIndex { operation in if case .newRootPropagation = operation { true } else { false } })
    #expect(propagation > pivot)
  }

  @Test("of a container with a user namespace and a terminal, whose filter needs CAP_SYS_ADMIN for a moment")
  func userNamespace() throws {
    var spec = try Self.spec()
    spec.process?.terminal = true
    spec.process?.noNewPrivileges = false
    spec.linux?.namespaces = [.user, .pid, .network, .mount, .uts].map { NamespaceSpec(type: $0) }
    spec.linux?.uidMappings = [IDMappingSpec(containerID: 0, hostID: 100_000, size: 65536)]
    spec.linux?.gidMappings = [IDMappingSpec(containerID: 0, hostID: 100_000, size: 65536)]
    spec.hostname = "web-0"
    try compare(try SetupProgramBuilder.container(spec: spec, options: Self.options(root: .directory("/rootfs"))), "user-namespace")
  }

  @Test("of an exec")
  func exec() throws {
    var options = Self.options()
    options.waitsForStart = false
    options.resourceOptional = true
    var process = try Self.process()
    process.args = ["/bin/sh", "-c", "true"]
    try compare(try SetupProgramBuilder.exec(process: process, container: "c1", options: options), "exec")
  }

  @Test("of the sandbox's own process")
  func pause() throws {
    var pause = PauseOptions()
    pause.namespaces = [
      NamespaceSpec(type: .network, path: "/proc/7/ns/net"), NamespaceSpec(type: .uts), NamespaceSpec(type: .ipc),
      NamespaceSpec(type: .pid),
    ]
    pause.hostname = "web-0"
    pause.sysctls = ["net.core.somaxconn": "1024", "kernel.shm_rmid_forced": "1"]
    pause.seccomp = Self.filter
    try compare(try SetupProgramBuilder.pause(pause), "pause")
  }

  // MARK: Golden files

  private func compare(_ program: ContainerProgram, _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/Programs/\(name).txt")
    let text = Self.text(program)
    // What podshim decodes is what was built.
    #expect(try SetupProgram.decode(SetupProgram.encode(program.operations)) == program.operations, sourceLocation: location)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    let difference = text.split(separator: "\n").difference(from: expected.split(separator: "\n")).map { "\($0)" }
    #expect(
      text == expected, "\(name).txt: \(difference.joined(separator: "\n")); UPDATE_GOLDEN=1 writes it anew",
      sourceLocation: location)
  }

  private static func text(_ program: ContainerProgram) -> String {
    func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
    func mapping(_ list: [IDMapping]) -> String {
      list.map { "\($0.containerID):\($0.hostID):\($0.length)" }.joined(separator: ",")
    }
    var lines = ["clone \(hexadecimal(program.cloneFlags))"]
    if !program.uidMappings.isEmpty { lines.append("map uid \(mapping(program.uidMappings)) gid \(mapping(program.gidMappings))") }
    lines += program.descriptors.map { "descriptor \($0)" }
    if program.joinsPID { lines.append("pid namespace of process '\(program.joinPIDOf)'") }
    lines.append("slot 255 is process '\(program.joinProcess)'")
    for operation in program.operations {
      switch operation {
      case .bind(let mount):
        lines.append(
          "bind \(mount.slot >= 0 ? "slot \(mount.slot)" : mount.source) on \(mount.target)\(mount.recursive ? " recursive" : "")"
            + " set \(hexadecimal(mount.attributesSet)) clear \(hexadecimal(mount.attributesClear))"
            + "\(mount.attributesRecursive ? " (tree)" : "") propagation \(hexadecimal(mount.propagation))"
            + (mount.requiredType == 0 ? "" : " type \(String(mount.requiredType, radix: 8))"))
      case .capabilities(let effective, let permitted, let inheritable):
        lines.append("capabilities \(hexadecimal(effective)) \(hexadecimal(permitted)) \(hexadecimal(inheritable))")
      case .boundingCapabilities(let keep): lines.append("boundingCapabilities \(hexadecimal(keep))")
      case .makeNode(let path, let mode, let major, let minor, let uid, let gid):
        lines.append("makeNode \(path) \(String(mode, radix: 8)) \(major):\(minor) \(uid):\(gid)")
      case .seccomp(let flags, let program): lines.append("seccomp flags \(flags), \(program.count / 8) instructions")
      case .joinNamespaces(let slot, let flags): lines.append("joinNamespaces slot \(slot) \(hexadecimal(UInt64(flags)))")
      default: lines.append("\(operation)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
