import OCISpec
import ShimCore

extension SetupProgramBuilder {
  /// A program has at most 65535 operations and a frame 16 MiB; nobody has a tenth of this.
  private static let maximumMounts = 1000

  static func appendMounts(
    _ spec: RuntimeSpec, _ namespaces: Namespaces, _ options: SetupOptions, to operations: inout [SetupOperation]
  ) throws(LinuxRuntimeError) {
    var devicesMade = false
    var uses: [String: Int] = [:]
    let mounts = spec.mounts ?? []
    guard mounts.count <= maximumMounts else {
      throw LinuxRuntimeError(.invalidSpec, "\(mounts.count) mounts are more than a container can have (\(maximumMounts))")
    }
    for mount in mounts {
      try MountDestination.check(mount)
      let parsed = try MountOptions(mount.options ?? [], at: mount.destination)
      let type = mount.type ?? (parsed.bind ? "bind" : "")
      if parsed.bind || type == "bind" {
        let slots = options.mountSlots[mount.destination] ?? []
        let use = uses[mount.destination, default: 0]
        uses[mount.destination] = use + 1
        let slot = use < slots.count && slots[use] >= 0 ? slots[use] : nil
        // Who mapped it had to be the host's root, and passes it.
        if slot == nil, !(mount.uidMappings ?? []).isEmpty || !(mount.gidMappings ?? []).isEmpty {
          throw LinuxRuntimeError(.unsupported, "the id-mapped mount \(mount.destination) was not opened")
        }
        operations.append(try bind(mount, parsed, slot: slot))
        // Whoever brings a /dev of his own does not want nodes made in it.
        if mount.destination == "/dev" { devicesMade = true }
        continue
      }
      if type == "sysfs", !namespaces.has(.network) {
        // A fresh sysfs shows the network namespace of who mounts it; with the host's, the host's own is bound instead. Only a user
        // namespace forces the whole tree, whose mounts are locked together.
        operations.append(
          .bind(
            BindMount(
              source: "/sys", target: mount.destination, recursive: namespaces.has(.user), attributesSet: parsed.set,
              attributesRecursive: namespaces.has(.user), propagation: Kernel.private | Kernel.recursive)))
        continue
      }
      guard !type.isEmpty else { throw LinuxRuntimeError(.invalidSpec, "mount \(mount.destination) has neither a type nor 'bind'") }
      operations.append(
        .fileSystem(
          type: type == "cgroup" ? "cgroup2" : type, source: mount.source ?? type, target: mount.destination,
          attributes: parsed.set, options: parsed.data))
      if parsed.propagation != 0, parsed.propagation & Kernel.private == 0 {
        throw LinuxRuntimeError(.unsupported, "mount \(mount.destination): propagation is supported for bind mounts only")
      }
      if mount.destination == "/dev", !devicesMade {
        try appendDevices(spec, namespaces, to: &operations)
        devicesMade = true
      }
    }
    if !devicesMade { try appendDevices(spec, namespaces, to: &operations) }
  }

  private static func bind(_ mount: MountSpec, _ parsed: MountOptions, slot: Int16?) throws(LinuxRuntimeError) -> SetupOperation {
    // "./": in podshim's directory.
    guard let source = mount.source, source.hasPrefix("/") || source.hasPrefix("./") || slot != nil else {
      throw LinuxRuntimeError(.invalidSpec, "bind mount \(mount.destination) needs an absolute source")
    }
    return .bind(
      BindMount(
        source: source, slot: slot ?? -1, target: mount.destination, recursive: parsed.recursiveBind, attributesSet: parsed.set,
        attributesClear: parsed.clear, attributesRecursive: parsed.attributesRecursive, propagation: parsed.propagation))
  }

  private static func appendDevices(
    _ spec: RuntimeSpec, _ namespaces: Namespaces, to operations: inout [SetupOperation]
  ) throws(LinuxRuntimeError) {
    for device in spec.linux?.devices ?? [] {
      let kind: UInt32
      switch device.type {
      case "c", "u": kind = Kernel.characterDevice
      case "b": kind = Kernel.blockDevice
      case "p": kind = Kernel.fifo
      default: throw LinuxRuntimeError(.invalidSpec, "device \(device.path) has the unknown type '\(device.type)'")
      }
      if namespaces.has(.user) {
        // mknod(2) is refused in a user namespace: the host's node is bound, after a look at what it is.
        operations.append(.bind(BindMount(source: device.path, target: device.path, recursive: false, requiredType: kind)))
      } else {
        operations.append(
          .makeNode(
            path: device.path, mode: kind | (device.fileMode ?? 0o666) & 0o7777, major: device.major ?? 0, minor: device.minor ?? 0,
            uid: device.uid ?? 0, gid: device.gid ?? 0))
      }
    }
    for (path, target) in DefaultSpec.deviceLinks { operations.append(.makeSymlink(target: target, path: path)) }
  }
}
