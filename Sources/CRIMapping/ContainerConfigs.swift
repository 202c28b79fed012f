package import CRIProto
import FoundationEssentials
package import RuntimeAPI

extension ContainerMetadata {
  package init(_ message: Runtime_V1_ContainerMetadata) {
    self.init(name: message.name, attempt: message.attempt)
  }
}

extension Runtime_V1_ContainerMetadata {
  package init(_ value: ContainerMetadata) {
    self.init()
    name = value.name
    attempt = value.attempt
  }
}

extension Mount {
  package init(_ message: Runtime_V1_Mount, field: String) throws(RuntimeError) {
    self.init(
      containerPath: message.containerPath, hostPath: message.hostPath, readOnly: message.readonly,
      recursiveReadOnly: message.recursiveReadOnly, propagation: try enumeration(message.propagation, "\(field).propagation"),
      uidMappings: message.uidMappings.map(IDMappingValue.init), gidMappings: message.gidMappings.map(IDMappingValue.init),
      image: message.hasImage ? ImageSpec(message.image) : nil, imageSubPath: message.imageSubPath,
      selinuxRelabel: message.selinuxRelabel)
  }
}

extension Runtime_V1_Mount {
  package init(_ value: Mount) {
    self.init()
    containerPath = value.containerPath
    hostPath = value.hostPath
    readonly = value.readOnly
    recursiveReadOnly = value.recursiveReadOnly
    propagation = enumeration(value.propagation)
    uidMappings = value.uidMappings.map(Runtime_V1_IDMapping.init)
    gidMappings = value.gidMappings.map(Runtime_V1_IDMapping.init)
    if let image = value.image { self.image = Runtime_V1_ImageSpec(image) }
    imageSubPath = value.imageSubPath
    selinuxRelabel = value.selinuxRelabel
  }
}

extension ContainerConfig {
  package init(_ message: Runtime_V1_ContainerConfig, field: String) throws(RuntimeError) {
    self.init(
      metadata: ContainerMetadata(message.metadata), image: ImageSpec(message.image), command: message.command,
      args: message.args, workingDirectory: message.workingDir,
      environment: try mapped(message.envs) { (entry) throws(RuntimeError) in
        guard let value = String(validating: entry.value, as: UTF8.self) else {
          throw RuntimeError(.invalidArgument, "\(field).envs: the value of \(entry.key) is not UTF-8")
        }
        return EnvironmentVariable(name: entry.key, value: value)
      },
      mounts: try mapped(message.mounts) { (mount) throws(RuntimeError) in try Mount(mount, field: "\(field).mounts") },
      devices: message.devices.map {
        Device(containerPath: $0.containerPath, hostPath: $0.hostPath, permissions: $0.permissions)
      },
      cdiDevices: message.cdiDevices.map(\.name),
      labels: message.labels, annotations: message.annotations, logPath: message.logPath, stdin: message.stdin,
      stdinOnce: message.stdinOnce, tty: message.tty,
      resources: message.linux.hasResources ? LinuxResources(message.linux.resources) : nil,
      securityContext: try ContainerSecurityContext(message.linux.securityContext, field: "\(field).linux.security_context"),
      stopSignal: Int32(clamping: message.stopSignal.rawValue))
    wire = wireForm(message)
  }
}

extension Runtime_V1_ContainerConfig {
  package init(_ value: ContainerConfig) {
    self.init()
    metadata = Runtime_V1_ContainerMetadata(value.metadata)
    image = Runtime_V1_ImageSpec(value.image)
    command = value.command
    args = value.args
    workingDir = value.workingDirectory
    envs = value.environment.map { variable in
      var message = Runtime_V1_KeyValue()
      message.key = variable.name
      message.value = Data(variable.value.utf8)
      return message
    }
    mounts = value.mounts.map(Runtime_V1_Mount.init)
    devices = value.devices.map { device in
      var message = Runtime_V1_Device()
      message.containerPath = device.containerPath
      message.hostPath = device.hostPath
      message.permissions = device.permissions
      return message
    }
    cdiDevices = value.cdiDevices.map { name in
      var message = Runtime_V1_CDIDevice()
      message.name = name
      return message
    }
    labels = value.labels
    annotations = value.annotations
    logPath = value.logPath
    stdin = value.stdin
    stdinOnce = value.stdinOnce
    tty = value.tty
    if let resources = value.resources { linux.resources = Runtime_V1_LinuxContainerResources(resources) }
    linux.securityContext = Runtime_V1_LinuxContainerSecurityContext(value.securityContext)
    stopSignal = Runtime_V1_Signal(rawValue: Int(value.stopSignal)) ?? .runtimeDefault
  }
}
