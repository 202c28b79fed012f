package import CRIProto
package import RuntimeAPI

extension ContainerSummary {
  package init(_ message: Runtime_V1_Container) throws(RuntimeError) {
    self.init(
      id: ContainerID(message.id), sandboxID: SandboxID(message.podSandboxID), metadata: ContainerMetadata(message.metadata),
      image: ImageSpec(message.image), imageRef: message.imageRef, imageID: message.imageID,
      state: try enumeration(message.state, "state"), createdAt: message.createdAt, labels: message.labels,
      annotations: message.annotations)
  }
}

extension Runtime_V1_Container {
  package init(_ value: ContainerSummary) {
    self.init()
    id = value.id.rawValue
    podSandboxID = value.sandboxID.rawValue
    metadata = Runtime_V1_ContainerMetadata(value.metadata)
    image = Runtime_V1_ImageSpec(value.image)
    imageRef = value.imageRef
    imageID = value.imageID
    state = enumeration(value.state)
    createdAt = value.createdAt
    labels = value.labels
    annotations = value.annotations
  }
}

extension ContainerStatus {
  /// The CRI's message has neither sandbox nor process id: `sandboxID` is the caller's, `pid` 0.
  package init(_ message: Runtime_V1_ContainerStatus, sandboxID: SandboxID) throws(RuntimeError) {
    self.init(
      id: ContainerID(message.id), sandboxID: sandboxID, metadata: ContainerMetadata(message.metadata),
      state: try enumeration(message.state, "state"), createdAt: message.createdAt, startedAt: message.startedAt,
      finishedAt: message.finishedAt, exitCode: message.exitCode, image: ImageSpec(message.image), imageRef: message.imageRef,
      imageID: message.imageID, reason: message.reason, message: message.message, labels: message.labels,
      annotations: message.annotations,
      mounts: try mapped(message.mounts) { (mount) throws(RuntimeError) in try Mount(mount, field: "mounts") },
      logPath: message.logPath, resources: message.resources.hasLinux ? LinuxResources(message.resources.linux) : nil,
      stopSignal: Int32(clamping: message.stopSignal.rawValue))
    if message.user.hasLinux {
      let linux = message.user.linux
      user = ContainerUser(uid: linux.uid, gid: linux.gid, supplementalGroups: linux.supplementalGroups)
    }
  }
}

extension Runtime_V1_ContainerStatus {
  package init(_ value: ContainerStatus) {
    self.init()
    id = value.id.rawValue
    metadata = Runtime_V1_ContainerMetadata(value.metadata)
    state = enumeration(value.state)
    createdAt = value.createdAt
    startedAt = value.startedAt
    finishedAt = value.finishedAt
    exitCode = value.exitCode
    image = Runtime_V1_ImageSpec(value.image)
    imageRef = value.imageRef
    imageID = value.imageID
    reason = value.reason
    message = value.message
    labels = value.labels
    annotations = value.annotations
    mounts = value.mounts.map(Runtime_V1_Mount.init)
    logPath = value.logPath
    if let linux = value.resources { resources.linux = Runtime_V1_LinuxContainerResources(linux) }
    if let user = value.user {
      var linux = Runtime_V1_LinuxContainerUser()
      linux.uid = user.uid
      linux.gid = user.gid
      linux.supplementalGroups = user.supplementalGroups
      self.user.linux = linux
    }
    stopSignal = Runtime_V1_Signal(rawValue: Int(value.stopSignal)) ?? .runtimeDefault
  }
}

extension ContainerFilter {
  package init(_ message: Runtime_V1_ContainerFilter) throws(RuntimeError) {
    self.init(
      id: message.id, state: message.hasState ? try enumeration(message.state.state, "filter.state") : nil,
      sandboxID: message.podSandboxID, labels: message.labelSelector)
  }

  package init(_ message: Runtime_V1_ContainerStatsFilter) {
    self.init(id: message.id, sandboxID: message.podSandboxID, labels: message.labelSelector)
  }
}

extension Runtime_V1_ContainerFilter {
  package init(_ value: ContainerFilter) {
    self.init()
    id = value.id
    if let state = value.state { self.state.state = enumeration(state) }
    podSandboxID = value.sandboxID
    labelSelector = value.labels
  }
}

extension Runtime_V1_ContainerStatsFilter {
  package init(_ value: ContainerFilter) {
    self.init()
    id = value.id
    podSandboxID = value.sandboxID
    labelSelector = value.labels
  }
}

extension RuntimeEvent {
  package init(_ message: Runtime_V1_ContainerEventResponse) throws(RuntimeError) {
    let sandboxID = SandboxID(message.podSandboxStatus.id)
    self.init(
      kind: try enumeration(message.containerEventType, "container_event_type"), containerID: message.containerID,
      sandboxID: sandboxID, createdAt: message.createdAt,
      sandbox: message.hasPodSandboxStatus ? try SandboxStatus(message.podSandboxStatus) : nil,
      containers: try mapped(message.containersStatuses) { (status) throws(RuntimeError) in
        try ContainerStatus(status, sandboxID: sandboxID)
      })
  }
}

extension Runtime_V1_ContainerEventResponse {
  package init(_ value: RuntimeEvent) {
    self.init()
    containerID = value.containerID
    containerEventType = enumeration(value.kind)
    createdAt = value.createdAt
    if let sandbox = value.sandbox { podSandboxStatus = Runtime_V1_PodSandboxStatus(sandbox) }
    containersStatuses = value.containers.map(Runtime_V1_ContainerStatus.init)
  }
}
