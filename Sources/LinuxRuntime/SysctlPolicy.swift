/// Which sysctls a pod may set: those that belong to a namespace of its own. Every other one is the whole node's, whoever writes it.
/// Source: sysctl names registered per namespace by the kernel (ipc/ipc_sysctl.c, ipc/mq_sysctl.c, kernel/utsname_sysctl.c, net/), as
/// runc's libcontainer/configs/validate has them.
public struct SysctlPolicy: Equatable, Sendable {
  public var ownNetwork: Bool
  public var ownIPC: Bool
  public var ownUTS: Bool

  public init(ownNetwork: Bool, ownIPC: Bool, ownUTS: Bool) {
    self.ownNetwork = ownNetwork
    self.ownIPC = ownIPC
    self.ownUTS = ownUTS
  }

  /// nil when the sysctl may be set; else why not, as a sentence.
  /// - Parameter name: dotted, or with slashes as sysctl.d(5) has it.
  public func refusal(of name: String) -> String? {
    let parts = SetupProgramBuilder.sysctlPath(name).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 1, !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.utf8.contains(0) }) else {
      return "'\(name)' is not the name of a sysctl"
    }
    guard let (kind, own) = namespace(parts) else {
      return "sysctl \(name) belongs to no namespace: it would change the whole node"
    }
    return own ? nil : "sysctl \(name) would change the node: it needs \(kind) namespace of the pod's own"
  }

  private func namespace(_ parts: [Substring]) -> (kind: String, own: Bool)? {
    switch parts[0] {
    case "net": return ("a network", ownNetwork)
    case "fs": return parts.count > 2 && parts[1] == "mqueue" ? ("an IPC", ownIPC) : nil
    case "kernel":
      guard parts.count == 2 else { return nil }
      if parts[1] == "sem" || parts[1].hasPrefix("shm") || parts[1].hasPrefix("msg") { return ("an IPC", ownIPC) }
      return parts[1] == "hostname" || parts[1] == "domainname" ? ("a UTS", ownUTS) : nil
    default: return nil
    }
  }
}
