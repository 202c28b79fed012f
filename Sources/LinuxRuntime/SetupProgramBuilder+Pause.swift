public import OCISpec
import ShimCore

/// The sandbox's own process. It keeps nothing but namespaces alive. Its root is empty: where the pid namespace is shared it is PID 1, and
/// a container with CAP_SYS_PTRACE reads and writes what /proc/1/root shows.
public struct PauseOptions: Equatable, Sendable {
  /// New (no path) or joined (a namespace file) namespaces: network, ipc, uts, pid, user.
  public var namespaces: [NamespaceSpec] = []
  public var uidMappings: [IDMappingSpec] = []
  public var gidMappings: [IDMappingSpec] = []
  public var firstSlot: UInt8 = 0
  /// Set only with a uts namespace of its own.
  public var hostname = ""
  /// Dotted names.
  public var sysctls: [String: String] = [:]
  public var oomScoreAdjust: Int32? = -998
  public var resourceOptional = false
  public var seccomp: [UInt8]?
  public init() {}
}

extension SetupProgramBuilder {
  public static func pause(_ pause: PauseOptions) throws(LinuxRuntimeError) -> ContainerProgram {
    var program = ContainerProgram()
    var options = SetupOptions(root: .directory("/"), mountPoint: "/")
    options.firstSlot = pause.firstSlot
    let linux = LinuxSpec(uidMappings: pause.uidMappings, gidMappings: pause.gidMappings)
    let namespaces = try Namespaces(pause.namespaces + [NamespaceSpec(type: .mount)])
    try namespaces.apply(to: &program, options: options, linux: linux)
    if let score = pause.oomScoreAdjust {
      program.operations.append(.oomScoreAdjust(value: score, optional: pause.resourceOptional))
    }
    if !pause.hostname.isEmpty {
      guard namespaces.has(.uts) else { throw LinuxRuntimeError(.invalidSpec, "a hostname needs a uts namespace") }
      program.operations.append(.hostname(pause.hostname))
    }
    appendSysctls(pause.sysctls, to: &program.operations)
    program.operations += [
      .rootPropagation(flags: Kernel.slave | Kernel.recursive), .emptyRoot, .pivotRoot, .newSession, .groups([]),
      .boundingCapabilities(keep: 0),
      .capabilities(effective: 0, permitted: 0, inheritable: 0),
      .ambientCapabilities(0), .noNewPrivileges, .changeDirectory(path: "/", create: false),
    ]
    if let seccomp = pause.seccomp { program.operations.append(.seccomp(flags: 0, program: seccomp)) }
    program.operations.append(.pause)
    return program
  }
}
