/// A step that a test can make fail: every step of making and removing a sandbox or a container has one.
public enum FaultPoint: String, Sendable, CaseIterable {
  case sandboxRecord = "sandbox.record"
  case sandboxDirectory = "sandbox.directory"
  case sandboxCgroup = "sandbox.cgroup"
  case networkNamespace = "network.namespace"
  case addressLease = "network.lease"
  case vethCreate = "network.veth"
  case networkConfigure = "network.configure"
  case hostPort = "network.hostport"
  case networkDetach = "network.detach"
  case shimSpawn = "shim.spawn"
  case shimHello = "shim.hello"
  case pauseSpawn = "shim.pause"
  case sandboxReady = "sandbox.ready"
  case sandboxRemove = "sandbox.remove"
  case containerRecord = "container.record"
  case containerDirectory = "container.directory"
  case containerCgroup = "container.cgroup"
  case containerSpec = "container.spec"
  case containerSpawn = "container.spawn"
  case containerCreated = "container.created"
  case containerStart = "container.start"
  case containerRemove = "container.remove"
  case execStreams = "exec.streams"
  case recordsWrite = "records.write"
  case recordsRelease = "records.release"

  /// When it can fail. In the middle: some of what the step makes or removes is there.
  public var moments: [FaultMoment] {
    switch self {
    case .sandboxRecord, .shimHello, .sandboxReady, .containerSpec, .containerCreated, .execStreams: [.before]
    case .networkNamespace, .addressLease, .networkConfigure, .networkDetach, .shimSpawn, .pauseSpawn, .containerRecord,
      .containerSpawn, .containerStart:
      [.before, .after]
    case .sandboxDirectory, .sandboxCgroup, .vethCreate, .hostPort, .sandboxRemove, .containerDirectory, .containerCgroup,
      .containerRemove, .recordsWrite, .recordsRelease:
      [.before, .middle, .after]
    }
  }
}

/// Before a step, in its middle, or after it: then all is done, and only the answer is lost.
public enum FaultMoment: String, Sendable, CaseIterable {
  case before, middle, after
}
