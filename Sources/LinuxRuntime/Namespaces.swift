import OCISpec
import ShimCore

/// The namespaces of a process: for each kind new, joined, or (absent) the runtime's own.
struct Namespaces {
  private var entries: [NamespaceSpec.Kind: String?] = [:]

  init(_ list: [NamespaceSpec]) throws(LinuxRuntimeError) {
    for entry in list {
      guard entries[entry.type] == nil else {
        throw LinuxRuntimeError(.invalidSpec, "linux.namespaces names '\(entry.type.rawValue)' twice")
      }
      guard entry.type != .time else { throw LinuxRuntimeError(.unsupported, "time namespaces are not supported") }
      entries[entry.type] = .some(entry.path.flatMap { $0.isEmpty ? nil : $0 })
    }
  }

  func has(_ kind: NamespaceSpec.Kind) -> Bool { entries[kind] != nil }
  func isNew(_ kind: NamespaceSpec.Kind) -> Bool {
    if case .some(.none) = entries[kind] { return true }
    return false
  }
  func path(_ kind: NamespaceSpec.Kind) -> String? { entries[kind] ?? nil }

  static func flag(_ kind: NamespaceSpec.Kind) -> UInt64 {
    switch kind {
    case .pid: Kernel.newPID
    case .network: Kernel.newNetwork
    case .mount: Kernel.newMount
    case .ipc: Kernel.newIPC
    case .uts: Kernel.newUTS
    case .user: Kernel.newUser
    case .cgroup: Kernel.newCgroup
    case .time: Kernel.newTime
    }
  }

  /// Clone flags, joins and unshares. The user namespace is joined first: what is made after it belongs to it.
  func apply(to program: inout ContainerProgram, options: SetupOptions, linux: LinuxSpec?) throws(LinuxRuntimeError) {
    var joined: UInt64 = 0
    var process: String?
    var files: [(slot: UInt8, flag: UInt64)] = []
    for kind in [NamespaceSpec.Kind.user, .pid, .network, .ipc, .uts, .mount, .cgroup] {
      guard let path = path(kind) else { continue }
      if let id = NamespacePath.processID(path) {
        if kind == .pid {
          program.joinsPID = true
          program.joinPIDOf = id
          continue
        }
        if let process, process != id {
          throw LinuxRuntimeError(.unsupported, "namespaces of two processes ('\(process)', '\(id)') cannot be joined at once")
        }
        process = id
        joined |= Self.flag(kind)
      } else {
        let slot = options.firstSlot + UInt8(program.descriptors.count)
        guard kind != .pid else {
          throw LinuxRuntimeError(
            .unsupported, "a pid namespace can be joined by naming a process of the pod only, not by the file '\(path)'")
        }
        program.descriptors.append(path)
        files.append((slot, Self.flag(kind)))
      }
    }
    let joinsUser = path(.user) != nil
    var unshared: UInt64 = isNew(.cgroup) ? Kernel.newCgroup : 0
    for kind in [NamespaceSpec.Kind.pid, .network, .ipc, .uts, .mount, .user] where isNew(kind) {
      // Made by clone3, unless it must belong to a user namespace that is joined afterwards (the pid namespace cannot wait).
      if joinsUser && kind != .pid { unshared |= Self.flag(kind) } else { program.cloneFlags |= Self.flag(kind) }
    }
    for file in files { program.operations.append(.joinNamespaces(slot: file.slot, flags: UInt32(file.flag))) }
    if let process {
      program.joinProcess = process
      program.operations.append(.joinNamespaces(slot: 255, flags: UInt32(joined)))
    }
    if unshared != 0 { program.operations.append(.unshare(flags: UInt32(unshared))) }
    if isNew(.user) {
      program.uidMappings = try mappings(linux?.uidMappings, "linux.uidMappings")
      program.gidMappings = try mappings(linux?.gidMappings, "linux.gidMappings")
    }
    // Set-up goes on as the namespace's root: files made by an unmapped id would fail with EOVERFLOW.
    if has(.user) { program.operations += [.groupID(0), .userID(0)] }
  }

  private func mappings(_ list: [IDMappingSpec]?, _ field: String) throws(LinuxRuntimeError) -> [IDMapping] {
    guard let list, !list.isEmpty else { throw LinuxRuntimeError(.invalidSpec, "a new user namespace needs \(field)") }
    return list.map { IDMapping(containerID: $0.containerID, hostID: $0.hostID, length: $0.size) }
  }
}
