import LinuxRuntime
import RuntimeAPI

extension PodRuntime {
  /// What can be said of a request before anything is done.
  func validate(_ config: SandboxConfig, handler: String) async throws(RuntimeError) {
    if !handler.isEmpty, handler != Self.runtimeName {
      throw RuntimeError(.invalidArgument, "unknown runtime handler \(handler): this runtime has \"\" and \(Self.runtimeName)")
    }
    try RequestBounds.check(config)
    let namespaces = config.securityContext.namespaces
    if namespaces.pid == .target || namespaces.network == .target || namespaces.ipc == .target {
      throw RuntimeError(.invalidArgument, "namespace mode TARGET is not possible for a sandbox")
    }
    if try UserMapping(namespaces.user) != nil, let obstacle = await userNamespaces.obstacle() {
      throw RuntimeError(.failedPrecondition, obstacle)
    }
    if namespaces.network != .node, network == nil, cni == nil {
      throw RuntimeError(.failedPrecondition, "pod networking is off on this node: only hostNetwork pods can run")
    }
    try Self.checkLines(config)
    // A sandbox with the host's network has the host's UTS namespace too.
    let own = namespaces.network != .node
    let policy = SysctlPolicy(ownNetwork: own, ownIPC: namespaces.ipc != .node, ownUTS: own)
    for name in config.sysctls.keys.sorted() {
      if let reason = policy.refusal(of: name) { throw RuntimeError(.invalidArgument, reason) }
    }
  }
}
