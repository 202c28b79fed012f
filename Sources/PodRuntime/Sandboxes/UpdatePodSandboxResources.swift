import LinuxSystem
public import RuntimeAPI

extension PodRuntime {
  /// Source: CRI UpdatePodSandboxResources. A kubelet tells it after it changed the pod's cgroup itself: it is kept, over restarts too, and
  /// shown, and no cgroup is touched. The same again changes nothing.
  public func updatePodSandboxResources(
    _ id: SandboxID, overhead: LinuxResources?, resources: LinuxResources?
  ) async throws(RuntimeError) {
    let sandbox = try await sandbox(id)
    for given in [overhead, resources] { if let given { try RequestBounds.check(given) } }
    try await sandbox.gate.pass { () async throws(RuntimeError) in
      guard [.ready, .unreached].contains(sandbox.machine.phase) else {
        throw RuntimeError(
          .failedPrecondition, "sandbox \(sandbox.id) is \(sandbox.machine.word): its resources cannot change")
      }
      let new = sandbox.resources.updated(overhead: overhead, resources: resources)
      guard new != sandbox.resources else { return }
      let (path, bytes) = ("\(settings.sandboxDirectory(sandbox.id.rawValue))/\(SandboxResourcesRecord.file)", try new.bytes())
      do { try await runBlocking { () throws(SystemCallError) in try writePrivateFile(path, bytes) } } catch {
        throw RuntimeError(.internalError, "cannot keep the resources of sandbox \(sandbox.id)", cause: error)
      }
      sandbox.resources = new
    }
  }
}
