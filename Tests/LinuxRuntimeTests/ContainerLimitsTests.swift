import LinuxRuntime
import OCISpec
import ShimCore
import Testing

/// What a manifest or an image says must not make the agent grow, trap, or send what podshim cannot take.
@Suite("Limits of a container's specification") struct ContainerLimitsTests {
  private func build(_ change: (inout RuntimeSpec) -> Void) throws -> ContainerProgram {
    var spec = RuntimeSpec()
    spec.process = ProcessSpec(
      terminal: false, user: UserSpec(uid: 0, gid: 0, additionalGids: []), args: ["server"], env: ["PATH=/bin"], cwd: "/")
    spec.root = RootSpec(path: "rootfs")
    spec.linux = LinuxSpec(namespaces: [NamespaceSpec(type: .mount)])
    change(&spec)
    return try SetupProgramBuilder.container(spec: spec, options: SetupOptions(root: .directory("/"), mountPoint: "/m"))
  }

  private func refusal(_ change: (inout RuntimeSpec) -> Void) -> String {
    do {
      _ = try build(change)
      return ""
    } catch { return "\(error)" }
  }

  @Test("a PATH of many directories and a long name are not multiplied")
  func candidates() {
    let text1 = refusal { $0.process?.env = ["PATH=" + String(repeating: "/a:", count: 2000)] }
    #expect(text1.contains("1024"))
    let text2 = refusal { $0.process?.args = [String(repeating: "n", count: 300)] }
    #expect(text2.contains("255 bytes"))
    let text3 = refusal { $0.process?.env = ["PATH=" + String(repeating: "/a:", count: 200)] }
    #expect(text3.isEmpty)
  }

  @Test("arguments and environment that the kernel would not take are refused before anything is made")
  func arguments() {
    let text4 = refusal { $0.process?.args = ["/a", String(repeating: "x", count: 200_000)] }
    #expect(text4.contains("131071"))
    let environment = (0..<100).map { "V\($0)=" + String(repeating: "x", count: 100_000) }
    let text5 = refusal { $0.process?.env = environment }
    #expect(text5.contains("together"))
    let text6 = refusal { $0.process?.args = ["/a", String(repeating: "x", count: 100_000)] }
    #expect(text6.isEmpty)
  }

  @Test("more mounts than a program can hold are refused, many are not")
  func mounts() throws {
    func mounts(_ count: Int) -> [MountSpec] {
      (0..<count).map { MountSpec(destination: "/m/\($0)", type: "bind", source: "/s", options: ["rbind"]) }
    }
    #expect(refusal({ $0.mounts = mounts(70_000) }).contains("1000"))
    let program = try build { $0.mounts = mounts(900) }
    #expect(try SetupProgram.decode(SetupProgram.encode(program.operations)) == program.operations)
    #expect(
      refusal({ $0.mounts = [MountSpec(destination: "/" + String(repeating: "d", count: 5000), type: "bind", source: "/s")] })
        .contains("4095"))
  }

  @Test("encoding more operations than a program can have does not trap, and is no program")
  func operations() {
    let bytes = SetupProgram.encode([SetupOperation](repeating: .newSession, count: 70_000))
    #expect(throws: CodecError.self) { try SetupProgram.decode(bytes) }
  }

  @Test(
    "mounts that would hide the root or stand in for the kernel's files are refused, as runc does",
    arguments: [
      "/", "//", "/./", "/a/..", "/proc", "/proc/", "/proc/1", "/proc/sys/kernel", "//proc//self", "/x/../proc/net", "relative",
    ])
  func places(_ destination: String) {
    #expect(!refusal({ $0.mounts = [MountSpec(destination: destination, type: "bind", source: "/s", options: ["rbind"])] }).isEmpty)
    #expect(!refusal({ $0.mounts = [MountSpec(destination: destination, type: "tmpfs", source: "tmpfs")] }).isEmpty)
  }

  @Test(
    "what LXCFS binds, the host's own /proc, and a procfs are allowed",
    arguments: ["/proc/meminfo", "/proc/cpuinfo", "/process", "/procs/x"])
  func allowed(_ destination: String) {
    #expect(refusal({ $0.mounts = [MountSpec(destination: destination, type: "bind", source: "/s", options: ["rbind"])] }).isEmpty)
    #expect(refusal({ $0.mounts = [MountSpec(destination: "/proc", type: "proc", source: "proc")] }).isEmpty)
    #expect(refusal({ $0.mounts = [MountSpec(destination: "/proc", type: "bind", source: "/proc", options: ["rbind"])] }).isEmpty)
  }

  @Test("several mounts on one place keep their own volumes, in order")
  func samePlace() throws {
    var spec = RuntimeSpec()
    spec.process = ProcessSpec(terminal: false, user: UserSpec(uid: 0, gid: 0, additionalGids: []), args: ["/a"], env: [], cwd: "/")
    spec.linux = LinuxSpec(namespaces: [NamespaceSpec(type: .mount)])
    spec.mounts = ["/one", "/two", "/three"].map { MountSpec(destination: "/data", type: "bind", source: $0, options: ["rbind"]) }
    var options = SetupOptions(root: .directory("/"), mountPoint: "/m")
    options.mountSlots = ["/data": [4, -1, 5]]
    let slots = try SetupProgramBuilder.container(spec: spec, options: options).operations.compactMap { operation -> Int16? in
      if case .bind(let mount) = operation { mount.slot } else { nil }
    }
    #expect(slots == [4, -1, 5])
  }
}
