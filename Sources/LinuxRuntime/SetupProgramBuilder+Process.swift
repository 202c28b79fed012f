import OCISpec
import ShimCore

extension SetupProgramBuilder {
  /// Everything after the file systems: limits, session, identity, exec.
  static func appendProcess(
    _ process: ProcessSpec, _ options: SetupOptions, createDirectory: Bool, to operations: inout [SetupOperation]
  ) throws(LinuxRuntimeError) {
    guard process.cwd.hasPrefix("/") else { throw LinuxRuntimeError(.invalidSpec, "process.cwd '\(process.cwd)' is not absolute") }
    try checkSize(process)
    for limit in process.rlimits ?? [] {
      guard let number = Kernel.limits[limit.type] else {
        throw LinuxRuntimeError(.invalidSpec, "process.rlimits: '\(limit.type)' is not a resource limit (see setrlimit(2))")
      }
      guard limit.soft <= limit.hard else {
        throw LinuxRuntimeError(.invalidSpec, "process.rlimits: \(limit.type) has soft \(limit.soft) above hard \(limit.hard)")
      }
      operations.append(
        .resourceLimit(resource: number, soft: limit.soft, hard: limit.hard, optional: options.resourceOptional))
    }
    if let profile = process.apparmorProfile, !profile.isEmpty, profile != "unconfined" {
      operations.append(.appArmorProfile(profile))
    }
    operations.append(.umask(process.user.umask ?? 0o022))
    operations.append(.newSession)
    if process.terminal == true { operations.append(.controllingTerminal) }
    try appendIdentity(process, options, createDirectory: createDirectory, to: &operations)
    if options.waitsForStart { operations.append(.awaitStart) }
    let environment = process.env ?? []
    operations.append(
      .execute(candidates: try candidates(process.args, environment), arguments: process.args, environment: environment))
  }

  private static func appendIdentity(
    _ process: ProcessSpec, _ options: SetupOptions, createDirectory: Bool, to operations: inout [SetupOperation]
  ) throws(LinuxRuntimeError) {
    let sets = process.capabilities ?? CapabilitiesSpec()
    let effective = try CapabilitySet(names: sets.effective ?? []).mask
    let permitted = try CapabilitySet(names: sets.permitted ?? []).mask
    let inheritable = try CapabilitySet(names: sets.inheritable ?? []).mask
    let ambient = try CapabilitySet(names: sets.ambient ?? []).mask
    guard effective & ~permitted == 0 else {
      throw LinuxRuntimeError(.capability, "process.capabilities: the effective set must be part of the permitted set")
    }
    // As root, as runc does: a working directory the user may not enter or make is still one it can be started in.
    operations.append(.changeDirectory(path: process.cwd, create: createDirectory))
    operations += [
      .groups(process.user.additionalGids ?? []), .groupID(process.user.gid),
      .boundingCapabilities(keep: try CapabilitySet(names: sets.bounding ?? []).mask), .keepCapabilities, .userID(process.user.uid),
    ]
    let final: [SetupOperation] = [
      .capabilities(effective: effective, permitted: permitted, inheritable: inheritable), .ambientCapabilities(ambient),
    ]
    let filter = options.seccomp.map { SetupOperation.seccomp(flags: options.seccompFlags, program: $0) }
    if process.noNewPrivileges == true {
      operations += final + [.noNewPrivileges]
      if let filter { operations.append(filter) }
    } else if let filter {
      // Without no_new_privs a filter needs CAP_SYS_ADMIN: it is kept just for that call, and only capset and prctl come after.
      let administrator: UInt64 = 1 << 21
      operations += [
        .capabilities(effective: effective | administrator, permitted: permitted | administrator, inheritable: inheritable), filter,
      ]
      operations += final
    } else {
      operations += final
    }
  }

  /// What execve is tried with: `arguments[0]` when it has a slash, else every directory of the container's PATH.
  static func candidates(_ arguments: [String], _ environment: [String]) throws(LinuxRuntimeError) -> [String] {
    guard let name = arguments.first, !name.isEmpty else {
      throw LinuxRuntimeError(.invalidSpec, "no command given: neither the pod nor the image names one")
    }
    if name.contains("/") { return [name] }
    guard name.utf8.count <= 255 else {
      throw LinuxRuntimeError(
        .invalidSpec, "the command '\(name.prefix(60))...' is longer than the name of a file can be (255 bytes)")
    }
    let path = environment.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? DefaultSpec.path
    let directories = path.split(separator: ":", omittingEmptySubsequences: false)
    guard directories.count <= 1024 else {
      throw LinuxRuntimeError(.invalidSpec, "PATH names \(directories.count) directories; more than 1024 are not searched")
    }
    return directories.map { $0.isEmpty ? "./\(name)" : "\($0)/\(name)" }
  }

  /// The kernel's limits, told before anything is made. Source: execve(2), MAX_ARG_STRLEN and three quarters of the usual stack.
  static func checkSize(_ process: ProcessSpec) throws(LinuxRuntimeError) {
    var total = 0
    for (what, list) in [("argument", process.args), ("environment variable", process.env ?? [])] {
      for text in list {
        let size = text.utf8.count + 1
        guard size <= 131_072 else {
          throw LinuxRuntimeError(
            .invalidSpec, "\(what) '\(text.prefix(40))...' has \(size - 1) bytes; the kernel takes at most 131071 in one")
        }
        total += size + 8
      }
    }
    guard total <= 6 << 20 else {
      throw LinuxRuntimeError(
        .invalidSpec, "arguments and environment have \(total) bytes together; the kernel takes at most \(6 << 20)")
    }
  }
}
