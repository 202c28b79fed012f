import Images
import LinuxSystem
import RuntimeAPI

/// What of a container's mounts is made by the agent and travels to podshim as descriptors.
extension PodRuntime {
  /// Paths that may be on a file system that does not answer: the sandbox's gate is not held for longer than podshim may take, or the pod
  /// could be neither stopped nor removed. What comes later is dropped, and its descriptors with it.
  func openVolumes(_ config: ContainerConfig, _ ground: Ground, _ users: SharedDescriptor?) async throws -> Volumes {
    let (logPath, files) = (ground.record.logPath, ground.opened)
    if config.mounts.isEmpty && logPath.isEmpty && files.isEmpty { return try Volumes([]) }
    let images = try await ground.imageVolumes.open(scratch: settings.rootMountPoint, mapping: users)
    let opened = await waiting(atMost: settings.volumePatience) {
      await runBlocking(.foreign) {
        Result { () throws(any Error) in
          if let slash = logPath.lastIndex(of: "/") { try makeDirectory(String(logPath[..<slash]), mode: 0o755) }
          return try Volumes(config.mounts, images: images, files: files, mapping: users)
        }
      }
    }
    guard let opened else {
      throw RuntimeError(
        .deadlineExceeded,
        "a volume of container \(config.metadata.name), or the directory of its log, does not answer after "
          + "\(settings.volumePatience.components.seconds) s: is it on a network file system that is gone?")
    }
    return try opened.get()
  }

  /// Layers are idmapped by the host's root, before the container joins its user namespace.
  func root(_ ground: Ground, _ mapping: UserMapping?, _ users: SharedDescriptor?) async throws -> Root {
    guard let mapping else { return .layers(rootFileSystem(ground.image, ground.snapshot)) }
    let overlay = LayeredMount(layers: ground.image.layers.map(\.path), writable: ground.snapshot.directory, mapping: users)
    guard let mount = try await overlay.make(scratch: settings.rootMountPoint).first else {
      throw RuntimeError(.internalError, "the root file system was not made")
    }
    return .mapped(mount, mapping)
  }

  /// What the image declares as volumes.
  func openAnonymousVolumes(
    _ config: ContainerConfig, _ ground: Ground, _ users: SharedDescriptor?, _ volumes: inout Volumes
  ) async throws {
    let paths = AnonymousVolumes.paths(ground.image.config, config)
    if paths.isEmpty { return }
    let overlay = LayeredMount(layers: ground.image.layers.map(\.path), writable: ground.snapshot.volumes, mapping: users)
    let mapping = try UserMapping(config.securityContext.namespaces.user)
    let made = try await overlay.make(
      scratch: settings.rootMountPoint, parts: paths, owner: (mapping?.uid.hostID ?? 0, mapping?.gid.hostID ?? 0))
    for (path, mount) in zip(paths, made) { try volumes.add(mount, at: path) }
  }
}
