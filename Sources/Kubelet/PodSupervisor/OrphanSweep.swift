internal import KubeModel
internal import LinuxSystem
internal import RuntimeAPI

/// Removes what pods left on the node that are no more, and that nobody will remove: their record is lost, or the agent that ended them
/// was. A pod's directory below the agent's own root says that it was ours; it goes last. A cgroup without one goes when nothing runs in
/// it: what runs may be somebody else's, and `doctor` names it. Source: kubelet `cleanupOrphanedPodCgroups`, `cleanupOrphanedPodDirs`.
struct OrphanSweep: Sendable {
  let services: PodServices

  /// Every pod of which there is a directory, or an empty cgroup. Links to logs that are gone go at once.
  func found() async -> [PodUID] {
    let links = services.logLinks
    // Tried again with the next look.
    try? await PodVolumes.calls.run(links.directory ?? "", what: "looking for links to logs", seconds: 10) {
      () throws(KubeletError) in try? links.sweep()
    }
    let cgroups = ((try? await services.cgroups.found()) ?? []).filter { !$0.isPopulated }.map(\.uid)
    return Array(Set(((try? await directories()) ?? []) + cgroups))
  }

  /// The same as what is wrong with them, cgroups in which something runs included.
  func leaks() async throws(KubeletError) -> [NodeLeak] {
    let root = "\(services.root)/pods"
    var leaks: [NodeLeak]
    do {
      leaks = try await directories().map {
        NodeLeak(kind: "directory", name: "\(root)/\($0)", owner: $0.rawValue, problem: "belongs to no pod")
      }
    } catch {
      throw KubeletError(.node, "the directories of pods cannot be read", cause: error)
    }
    do {
      leaks += try await services.cgroups.found().map {
        NodeLeak(
          kind: "cgroup", name: $0.path, owner: $0.uid.rawValue,
          problem: $0.isPopulated ? "belongs to no pod, and processes run in it" : "belongs to no pod")
      }
    } catch {
      throw KubeletError(.node, "the cgroups of pods cannot be read", cause: error)
    }
    return leaks
  }

  /// None before the first pod.
  private func directories() async throws(SystemCallError) -> [PodUID] {
    let root = "\(services.root)/pods"
    return try await runBlocking { () throws(SystemCallError) in
      try HostFiles.facts(root) == nil ? [] : try listDirectory(root).map { PodUID($0) }
    }
  }

  /// Mounts, cgroups, logs, and then the directory; of a pod without one the cgroup only, as its logs may be somebody else's, and that only
  /// while still nothing runs in it. The caller knows that the pod is nobody's, and that it does not start meanwhile.
  func remove(_ uid: PodUID) async throws(KubeletError) {
    let paths = PodPaths(root: services.root, logs: services.logs, uid: uid, namespace: "", name: "")
    let ledger = services.ledger
    let isOurs: Bool
    do {
      isOurs = try await directories().contains(uid)
      if !isOurs, try await services.cgroups.found().contains(where: { $0.uid == uid && $0.isPopulated }) { return }
      try await services.cgroups.remove(uid)
    } catch {
      throw KubeletError(.node, "the cgroup of pod \(uid), which is no more, cannot be removed", cause: error)
    }
    guard isOurs else { return }
    try await PodVolumes.calls.run(paths.pod, what: "removing what pod \(uid) left", seconds: 60) { () throws(KubeletError) in
      try VolumeTeardown.run(paths, ledger: ledger)
      // `NAMESPACE_NAME_UID`, and neither has an underscore.
      for name in (try? listDirectory(paths.logs)) ?? [] where name.hasSuffix("_\(uid)") && name.split(separator: "_").count == 3 {
        try DirectoryRemoval.remove("\(paths.logs)/\(name)")
      }
      try DirectoryRemoval.remove(paths.pod)
    }
  }
}
