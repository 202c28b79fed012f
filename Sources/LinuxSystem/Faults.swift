/// A place where a test can make creation fail once: every step of making a sandbox or a container has one.
public enum FaultPoint: String, Sendable, CaseIterable {
  case sandboxRecord = "sandbox.record"
  case sandboxDirectory = "sandbox.directory"
  case sandboxCgroup = "sandbox.cgroup"
  case networkNamespace = "network.namespace"
  case addressLease = "network.lease"
  case vethCreate = "network.veth"
  case networkConfigure = "network.configure"
  case hostPort = "network.hostport"
  case shimSpawn = "shim.spawn"
  case shimHello = "shim.hello"
  case pauseSpawn = "shim.pause"
  case sandboxReady = "sandbox.ready"
  case containerRecord = "container.record"
  case containerDirectory = "container.directory"
  case containerCgroup = "container.cgroup"
  case containerSpec = "container.spec"
  case containerSpawn = "container.spawn"
  case containerCreated = "container.created"
  case containerStart = "container.start"
}

/// Fault injection: a task-local plan in debug builds, nothing in release builds.
public enum Faults {
  #if DEBUG
    @TaskLocal public static var plan: [FaultPoint: CInt] = [:]
  #endif

  /// Throws the planned errno at this point, if any.
  @inlinable
  public static func check(_ point: FaultPoint) throws(SystemCallError) {
    #if DEBUG
      if let code = plan[point] { throw SystemCallError(call: "fault", subject: point.rawValue, code: code) }
    #endif
  }
}
