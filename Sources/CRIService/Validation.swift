import CRIProto
import RuntimeAPI

/// - Throws: `.invalidArgument` naming the field when the text is empty.
func required(_ text: String, _ field: String) throws(RuntimeError) -> String {
  guard !text.isEmpty else { throw RuntimeError(.invalidArgument, "\(field): must not be empty") }
  return text
}

/// - Throws: `.invalidArgument` naming the field when the message is absent.
func require(_ isPresent: Bool, _ field: String) throws(RuntimeError) {
  guard isPresent else { throw RuntimeError(.invalidArgument, "\(field): required") }
}

extension Runtime_V1_PodSandboxConfig {
  /// What every runtime needs: the name the sandbox is known by, and ports and paths that can exist.
  func validate(_ field: String) throws(RuntimeError) {
    try require(hasMetadata, "\(field).metadata")
    _ = try required(metadata.name, "\(field).metadata.name")
    _ = try required(metadata.namespace, "\(field).metadata.namespace")
    _ = try required(metadata.uid, "\(field).metadata.uid")
    for port in portMappings {
      guard (0...65535).contains(port.hostPort), (0...65535).contains(port.containerPort) else {
        throw RuntimeError(
          .invalidArgument, "\(field).port_mappings: ports are 0...65535, not \(port.hostPort) to \(port.containerPort)")
      }
    }
    guard logDirectory.isEmpty || logDirectory.hasPrefix("/") else {
      throw RuntimeError(.invalidArgument, "\(field).log_directory: must be absolute, is \"\(logDirectory)\"")
    }
    try linux.securityContext.selinuxOptions.refuse("\(field).linux.security_context.selinux_options")
  }
}

extension Runtime_V1_ContainerConfig {
  func validate(_ field: String) throws(RuntimeError) {
    try require(hasMetadata, "\(field).metadata")
    _ = try required(metadata.name, "\(field).metadata.name")
    try require(hasImage, "\(field).image")
    _ = try required(image.image, "\(field).image.image")
    for (index, mount) in mounts.enumerated() {
      _ = try required(mount.containerPath, "\(field).mounts[\(index)].container_path")
      if mount.hasImage, !mount.image.image.isEmpty, !mount.hostPath.isEmpty {
        throw RuntimeError(.invalidArgument, "\(field).mounts[\(index)]: host_path and image exclude each other")
      }
    }
    for (index, variable) in envs.enumerated() {
      _ = try required(variable.key, "\(field).envs[\(index)].key")
    }
    guard !logPath.split(separator: "/").contains("..") else {
      throw RuntimeError(.invalidArgument, "\(field).log_path: must stay in the log directory, is \"\(logPath)\"")
    }
    try linux.securityContext.selinuxOptions.refuse("\(field).linux.security_context.selinux_options")
    for (index, device) in cdiDevices.enumerated() { _ = try required(device.name, "\(field).CDI_devices[\(index)].name") }
  }
}

extension Runtime_V1_SELinuxOption {
  /// Labels are not applied: a label that was asked for must not be left out silently.
  func refuse(_ field: String) throws(RuntimeError) {
    guard user.isEmpty, role.isEmpty, type.isEmpty, level.isEmpty else {
      throw RuntimeError(.unimplemented, "\(field): SELinux labels are not supported by this runtime: leave them out")
    }
  }
}
