public import OCISpec
import ShimCore

/// Turns a runtime spec into the set-up program podshim's child interprets. Pure: no system call, same input, same program.
public enum SetupProgramBuilder {
  /// A container's first process.
  public static func container(spec: RuntimeSpec, options: SetupOptions) throws(LinuxRuntimeError) -> ContainerProgram {
    guard let process = spec.process else { throw LinuxRuntimeError(.invalidSpec, "the spec has no process") }
    var program = ContainerProgram()
    let namespaces = try Namespaces(spec.linux?.namespaces ?? [])
    guard namespaces.has(.mount) else { throw LinuxRuntimeError(.unsupported, "a container needs a mount namespace of its own") }
    let score = process.oomScoreAdj.map { SetupOperation.oomScoreAdjust(value: $0, optional: options.resourceOptional) }
    if let owner = options.streamOwner {
      // What the root of a user namespace may not do any more.
      program.operations.append(.streamOwner(owner))
      if let score { program.operations.append(score) }
    }
    try namespaces.apply(to: &program, options: options, linux: spec.linux)

    program.operations.append(.rootPropagation(flags: Kernel.slave | Kernel.recursive))
    if options.streamOwner == nil, let score { program.operations.append(score) }
    program.operations.append(rootOperation(options))
    try appendMounts(spec, namespaces, options, to: &program.operations)
    if process.terminal == true { program.operations.append(.console) }
    program.operations += (spec.linux?.readonlyPaths ?? []).map { .readOnly(path: $0) }
    program.operations += (spec.linux?.maskedPaths ?? []).map { .mask(path: $0) }
    appendKernelSettings(spec, to: &program.operations)
    let readOnlyRoot = spec.root?.readonly == true
    if readOnlyRoot {
      program.operations.append(.makeDirectory(path: process.cwd, mode: 0o755))
      program.operations.append(.readOnlyRoot)
    }
    program.operations.append(.pivotRoot)
    // Not earlier: pivot_root(2) refuses a shared root, and mounts attached to one would become shared themselves.
    if let name = spec.linux?.rootfsPropagation, !name.isEmpty {
      let parsed = try MountOptions([name], at: "linux.rootfsPropagation")
      guard parsed.propagation != 0 else {
        throw LinuxRuntimeError(.invalidSpec, "linux.rootfsPropagation '\(name)' is not shared, slave, private or unbindable")
      }
      program.operations.append(.newRootPropagation(flags: parsed.propagation))
    }
    try appendProcess(process, options, createDirectory: !readOnlyRoot, to: &program.operations)
    return program
  }

  /// A process in a running container. `container` is its id in the podshim; `joinsUser`: the container has a user namespace.
  public static func exec(
    process: ProcessSpec, container: String, joinsUser: Bool = false, options: SetupOptions
  ) throws(LinuxRuntimeError) -> ContainerProgram {
    var program = ContainerProgram()
    program.joinProcess = container
    program.joinsPID = true
    program.joinPIDOf = container
    if let owner = options.streamOwner { program.operations.append(.streamOwner(owner)) }
    if let score = process.oomScoreAdj {
      program.operations.append(.oomScoreAdjust(value: score, optional: options.resourceOptional))
    }
    let flags =
      Kernel.newMount | Kernel.newUTS | Kernel.newIPC | Kernel.newNetwork | Kernel.newCgroup | (joinsUser ? Kernel.newUser : 0)
    program.operations.append(.joinNamespaces(slot: 255, flags: UInt32(flags)))
    program.operations.append(.currentRoot)
    try appendProcess(process, options, createDirectory: false, to: &program.operations)
    return program
  }

  static func rootOperation(_ options: SetupOptions) -> SetupOperation {
    switch options.root {
    case .overlay(let layers, let upper, let work):
      .overlayRoot(layers: layers, upper: upper, work: work, at: options.mountPoint)
    case .overlayByMount(let base, let layers, let upper, let work):
      .overlayRootByMount(base: base, layers: layers, upper: upper, work: work, at: options.mountPoint)
    case .directory(let path): .bindRoot(source: path, at: options.mountPoint)
    case .detached(let slot): .detachedRoot(slot: slot)
    }
  }

  static func appendKernelSettings(_ spec: RuntimeSpec, to operations: inout [SetupOperation]) {
    if let name = spec.hostname, !name.isEmpty { operations.append(.hostname(name)) }
    if let name = spec.domainname, !name.isEmpty { operations.append(.domainname(name)) }
    appendSysctls(spec.linux?.sysctl ?? [:], to: &operations)
  }

  static func appendSysctls(_ values: [String: String], to operations: inout [SetupOperation]) {
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      operations.append(.sysctl(path: sysctlPath(name), value: value))
    }
  }

  /// `net.ipv4.conf.eth0/1.x` style: the first separator decides, the other one is exchanged. Source: sysctl.d(5).
  public static func sysctlPath(_ name: String) -> String {
    guard let first = name.first(where: { $0 == "." || $0 == "/" }), first == "." else { return name }
    return String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
  }
}
