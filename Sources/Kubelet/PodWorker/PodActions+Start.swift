internal import FoundationEssentials
internal import KubeModel
internal import LinuxSystem
internal import RuntimeAPI

extension PodActions {
  /// Configuration, create, start; the image is here.
  func start(_ name: String, attempt: UInt32, replaces: ContainerID?) async throws(KubeletError) {
    guard let (container, _) = pod.container(named: name), let sandbox = observed.sandbox else { return }
    let runtime = services.runtime
    if let replaces {
      try await call("CreateContainerError", "removing a container that never started failed") { () async throws(RuntimeError) in
        try await runtime.removeContainer(replaces)
      }
      emit(.containerRemoved(replaces))
    }
    guard let image = observed.images[name] else { return }
    // The node's own files are in those of a pod of its network.
    let node = pod.isHostNetwork ? await services.nodeState.withFiles() : services.node
    let sandboxConfig = try await builder(node).sandbox(attempt: sandbox.status.metadata.attempt)
    let config: ContainerConfig
    do {
      try SecurityConfig.checkRunAsNonRoot(container, in: pod, image: image)
      config = try await configuration(container, attempt: attempt, image: image, node: node)
    } catch {
      services.events.record(.warning, "Failed", pod, container: name, "Error: \(error.description)")
      throw error
    }
    let id: ContainerID
    do {
      id = try await runtime.createContainer(config, in: sandbox.status.id, sandboxConfig: sandboxConfig)
    } catch {
      services.events.record(.warning, "Failed", pod, container: name, "Error: \(error.description)")
      // Source: k8s.io/cri-api/pkg/errors, ErrImageVolumeMountFailed.
      let mark = "ImageVolumeMountFailed"
      throw KubeletError(
        .runtime, reason: error.message.hasPrefix(mark) ? mark : "CreateContainerError", "\(error.description)")
    }
    services.events.record(.normal, "Created", pod, container: name, "Container created")
    do {
      try await runtime.startContainer(id)
    } catch {
      await report([id])
      services.events.record(.warning, "Failed", pod, container: name, "Error: \(error.description)")
      throw KubeletError(.runtime, reason: "RunContainerError", "\(error.description)")
    }
    services.events.record(.normal, "Started", pod, container: name, "Container started")
    await report([id])
    await link(id, name, attempt)
  }

  /// For whoever collects logs: the container does not depend on it.
  private func link(_ id: ContainerID, _ name: String, _ attempt: UInt32) async {
    let (links, paths) = (services.logLinks, paths)
    if links.directory == nil { return }
    do {
      try await PodVolumes.calls.run(links.directory ?? "", what: "linking the container's log", seconds: 10) {
        () throws(KubeletError) in
        do { try links.make(paths, container: name, id: id.rawValue, attempt: attempt) } catch {
          throw KubeletError(.node, "the container's log has no link", cause: error)
        }
      }
    } catch {
      services.events.record(.warning, "FailedLogLink", pod, container: name, "\(error)")
    }
  }

  /// Finds or gets the image of a container that is to start.
  func pull(_ name: String) async throws(KubeletError) {
    guard let (container, _) = pod.container(named: name), let sandbox = observed.sandbox else { return }
    let config = try await builder(services.node).sandbox(attempt: sandbox.status.metadata.attempt)
    let pull = ImagePull(runtime: services.runtime, events: services.events)
    let image = try await pull.ensure(container, in: pod, sandbox: config)
    let volumes = PodVolumes(pod, paths: paths, ledger: services.ledger, node: services.node).volumes
    for mount in container.volumeMounts ?? [] {
      guard let volume = volumes[mount.name] as? ImageVolume else { continue }
      try await pull.ensure(volume.reference, policy: volume.pullPolicy, for: container, in: pod, sandbox: config)
    }
    emit(.image(name: name, reference: container.image, image))
  }

  func postStart(_ id: ContainerID, _ name: String) async throws(KubeletError) {
    guard let (container, _) = pod.container(named: name), let hook = container.lifecycle?.postStart else { return }
    do {
      let runner = LifecycleHook(runtime: services.runtime, group: services.group, clock: services.clock)
      try await runner.run(hook, container, id: id, podIP: podIP, limit: nil) { reason, message in
        services.events.record(.warning, reason, pod, container: name, message)
      }
      emit(.postStart(id, succeeded: true))
    } catch {
      services.events.record(.warning, "FailedPostStartHook", pod, container: name, "PostStartHook failed: \(error.description)")
      emit(.postStart(id, succeeded: false))
      throw KubeletError(.hook, reason: "PostStartHookError", "PostStartHook failed: \(error.description)")
    }
  }

  var podIP: String { pod.probeAddress(podIPs: observed.podIPs, node: services.node) }

  /// Writes /etc/hosts and the termination log, makes subPaths, and builds the container's configuration.
  private func configuration(
    _ container: Container, attempt: UInt32, image: ImageInfo, node: NodeFacts
  ) async throws(KubeletError) -> ContainerConfig {
    let names = try PodHostname.names(pod, node: node)
    let hosts = HostsFile.content(pod, podIPs: observed.podIPs, hostname: names.hostname, domain: names.domain, node: node)
    let volumes = PodVolumes(pod, paths: paths, ledger: services.ledger, node: node)
    let environment = try Environment.variables(container, in: pod, podIPs: observed.podIPs, node: node)
    let (mounts, subPaths) = try VolumeMounts.mounts(
      container, volumes: volumes.volumes, environment: Dictionary(environment.map { ($0.name, $0.value) }) { $1 }, paths: paths)
    let (paths, ledger) = (paths, services.ledger)
    try await PodVolumes.bind(subPaths, ledger: ledger, owner: paths.uid.rawValue)
    try await PodVolumes.calls.run(
      paths.container(container.name), what: "writing the files of container \(container.name)", seconds: 30
    ) { () throws(KubeletError) in
      do {
        try makeDirectory(paths.container(container.name), mode: 0o750, parents: 0o750)
        let log = paths.terminationLog(container.name, attempt: attempt)
        try Data().write(to: URL(fileURLWithPath: log))
        try HostFiles.changeMode(log, 0o666)
        // In place, not renamed: running containers have this file mounted.
        let file = URL(fileURLWithPath: paths.hostsFile)
        if (try? String(contentsOf: file, encoding: .utf8)) != hosts { try Data(hosts.utf8).write(to: file) }
        try HostFiles.changeMode(paths.hostsFile, 0o644)
      } catch {
        throw KubeletError(
          .node, reason: "CreateContainerConfigError", "the files of the container cannot be written", cause: error)
      }
    }
    return try await builder(node).container(
      container, attempt: attempt, image: image.id.rawValue, environment: environment, mounts: mounts)
  }
}
