internal import KubeModel
internal import LinuxSystem
internal import NIOCore
internal import RuntimeAPI
internal import Store

/// Carries out one action of the plan. Facts go back through `emit`, in order; the end of the call is the end of the action.
struct PodActions: Sendable {
  let services: PodServices
  let pod: Pod
  let observed: Observed
  let emit: @Sendable (PodEvent) -> Void

  var paths: PodPaths { services.paths(pod) }
  func builder(_ node: NodeFacts) async throws(KubeletError) -> ConfigBuilder {
    ConfigBuilder(pod: pod, paths: paths, node: node, cgroupParent: services.cgroups.path(pod), users: try await users())
  }

  /// The ids of a pod with a user namespace, the same for all of its life; nil: it has the node's.
  private func users() async throws(KubeletError) -> UserNamespaceOption? {
    guard pod.spec.hostUsers == false else { return nil }
    let (ranges, uid) = (UserRanges(root: services.root), pod.podUID)
    return try await runBlocking { () throws(KubeletError) in try ranges.take(uid) }
  }

  func perform(_ action: PodAction) async throws(KubeletError) {
    let traces = services.traces
    let uid = pod.podUID.rawValue
    switch action {
    case .prepare:
      try await traces.measure(.volumes, uid) { () async throws(KubeletError) in try await prepare() }
    case .runSandbox(let attempt):
      try await traces.measure(.sandbox, uid) { () async throws(KubeletError) in try await runSandbox(attempt) }
    case .stopSandbox(let id):
      try await call("FailedKillPod", "error killing pod: stopping the sandbox failed") { () async throws(RuntimeError) in
        try await services.runtime.stopPodSandbox(id)
      }
      // With it end its containers.
      await report(observed.live.filter { $0.status.sandboxID == id }.map(\.id))
      emit(.sandboxStopped(id))
    case .removeSandbox(let id):
      try await call("FailedKillPod", "removing the sandbox failed") { () async throws(RuntimeError) in
        try await services.runtime.removePodSandbox(id)
      }
      if observed.termination == nil {
        await removeFiles(observed.containers.values.joined().filter { $0.status.sandboxID == id })
      }
      emit(.sandboxRemoved(id))
    case .startContainer(let name, let attempt, let replaces):
      try await traces.measure(.container, uid, container: name) { () async throws(KubeletError) in
        try await start(name, attempt: attempt, replaces: replaces)
      }
    case .stopContainers(let stages): try await stop(stages)
    case .pullImage(let name):
      try await traces.measure(.image, uid, container: name) { () async throws(KubeletError) in try await pull(name) }
    case .postStart(let id, let name): try await postStart(id, name)
    case .killContainer(let item): try await stop([[item]])
    case .refreshVolumes(let version): try await refreshVolumes(version)
    case .resize(let version): try await resize(version)
    case .removeContainer(let id):
      try await call("FailedSync", "removing an old container failed") { () async throws(RuntimeError) in
        try await services.runtime.removeContainer(id)
      }
      await removeFiles(observed.instance(id).map { [$0] } ?? [])
      emit(.containerRemoved(id))
    case .tearDown: try await tearDown()
    case .removeDirectories: try await removeDirectories()
    }
  }

  private func prepare() async throws(KubeletError) {
    // The directory first: it says whose all the rest is (`OrphanSweep`).
    let paths = paths
    try await PodVolumes.calls.run(paths.pod, what: "making the pod's directories", seconds: 30) { () throws(KubeletError) in
      do {
        try makeDirectory(paths.pod, mode: 0o750, parents: 0o750)
        try makeDirectory(paths.volumes, mode: 0o750, parents: 0o750)
        try makeDirectory(paths.logDirectory, mode: 0o755, parents: 0o750)
      } catch {
        throw KubeletError(.node, reason: "FailedMount", "the pod's directories cannot be made", cause: error)
      }
    }
    try await prepareCgroup()
    try await PodVolumes(pod, paths: paths, ledger: services.ledger, node: services.node).setUp()
    // What admission gave the pod outlives the agent from here on: whatever the next one finds running, it knows what it takes.
    do {
      try await services.records.flush()
    } catch {
      throw KubeletError(.node, reason: "FailedSync", "the pod's record cannot be saved", cause: error)
    }
    emit(.volumesReady(pod.spec.volumes))
  }

  func prepareCgroup() async throws(KubeletError) {
    do {
      _ = try await services.cgroups.prepare(pod)
    } catch {
      throw KubeletError(.node, reason: "FailedCreatePodContainer", "unable to ensure the pod's cgroup", cause: error)
    }
  }

  /// A runtime that knows nothing of them would make the pod without.
  private func checkUserNamespaces() async throws(KubeletError) {
    let status = try await call("FailedCreatePodSandBox", "Failed to create pod sandbox") { () async throws(RuntimeError) in
      try await services.runtime.status(verbose: false)
    }
    guard status.handlers.contains(where: { $0.name.isEmpty && $0.userNamespaces }) else {
      throw KubeletError(
        .runtime, reason: "FailedCreatePodSandBox",
        "can't set `spec.hostUsers: false`: the runtime does not support user namespaces")
    }
  }

  private func runSandbox(_ attempt: UInt32) async throws(KubeletError) {
    if attempt > 0 {
      services.events.record(.normal, "SandboxChanged", pod, "Pod sandbox changed, it will be killed and re-created.")
    }
    let node = await services.nodeState.withFiles()
    if let warning = DNSPolicy.config(pod, node: node).warning {
      services.events.record(.warning, warning.reason, pod, warning.message)
    }
    let config = try await builder(node).sandbox(attempt: attempt)
    if pod.spec.hostUsers == false { try await checkUserNamespaces() }
    let handler = pod.spec.runtimeClassName ?? ""
    do {
      let status = try await call("FailedCreatePodSandBox", "Failed to create pod sandbox") { () async throws(RuntimeError) in
        let id = try await services.runtime.runPodSandbox(config, handler: handler)
        return try await services.runtime.podSandboxStatus(id, verbose: false).status
      }
      emit(.sandbox(status))
    } catch {
      // A call that failed on the way (a deadline, a lost connection) may have made a sandbox.
      await refresh()
      throw error
    }
  }

  private func tearDown() async throws(KubeletError) {
    try await PodVolumes(pod, paths: paths, ledger: services.ledger, node: services.node).tearDown()
    do {
      try await services.cgroups.remove(pod.podUID)
    } catch {
      throw KubeletError(.node, reason: "FailedKillPod", "the pod's cgroup cannot be removed", cause: error)
    }
    emit(.tornDown)
  }

  private func removeDirectories() async throws(KubeletError) {
    let (paths, links) = (paths, services.logLinks)
    try await PodVolumes.calls.run(
      paths.pod, what: "removing the pod's directories", seconds: 60, reason: "FailedKillPod"
    ) { () throws(KubeletError) in
      try DirectoryRemoval.remove(paths.pod)
      try DirectoryRemoval.remove(paths.logDirectory)
      // No pod stays for them: those that cannot be removed now are swept later.
      try? links.remove(paths)
    }
    do {
      try await services.records.remove(paths.uid)
    } catch {
      throw KubeletError(.node, "the pod's record cannot be removed", cause: error)
    }
    emit(.directoriesRemoved)
  }

  /// The logs and termination messages of runs nobody will ask for: a pod that lives for years must not fill the disk with them.
  private func removeFiles(_ runs: [ContainerInstance]) async {
    let (paths, links) = (paths, services.logLinks)
    let old = runs.map { ($0.name, $0.attempt, $0.id.rawValue) }
    try? await PodVolumes.calls.run(paths.logDirectory, what: "removing old logs", seconds: 30) { () throws(KubeletError) in
      for (name, attempt, id) in old {
        try? links.remove(paths, container: name, id: id)
        try? removeTree(paths.terminationLog(name, attempt: attempt))
        let log = "\(paths.logDirectory)/\(PodPaths.logPath(name, attempt: attempt))"
        // The log itself, and what rotation made of it.
        let directory = String(log[..<(log.lastIndex(of: "/") ?? log.startIndex)])
        for file in (try? listDirectory(directory)) ?? [] where file == "\(attempt).log" || file.hasPrefix("\(attempt).log.") {
          try? removeTree("\(directory)/\(file)")
        }
      }
    }
  }

  /// Everything the runtime has of the pod, read again: after a call that may have made what nobody knows of.
  func refresh() async {
    guard var state = try? await PodRuntimeState.read(services.runtime, uid: pod.podUID) else {
      emit(.reread)
      return
    }
    state.since = observed.news
    emit(.listed(state))
  }

  /// What became of containers that a call started or ended.
  func report(_ ids: [ContainerID]) async {
    for id in ids {
      do {
        var status = try await services.runtime.containerStatus(id, verbose: false).status
        // The CRI does not say where it is.
        if status.sandboxID.rawValue.isEmpty, let known = observed.instance(id)?.status.sandboxID ?? observed.sandbox?.status.id {
          status.sandboxID = known
        }
        emit(.container(status))
      } catch  where error.code == .notFound {
        emit(.containerRemoved(id))
      } catch {
        emit(.reread)
      }
    }
  }

  func call<R>(_ reason: String, _ message: String, _ body: () async throws(RuntimeError) -> R) async throws(KubeletError) -> R {
    do {
      return try await body()
    } catch {
      throw KubeletError(.runtime, reason: reason, message, cause: error)
    }
  }
}
