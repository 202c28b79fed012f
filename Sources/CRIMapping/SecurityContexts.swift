package import CRIProto
package import RuntimeAPI

extension SandboxSecurityContext {
  package init(_ message: Runtime_V1_LinuxSandboxSecurityContext, field: String) throws(RuntimeError) {
    self.init(
      namespaces: try NamespaceOption(message.namespaceOptions, field: "\(field).namespace_options"),
      runAsUser: message.hasRunAsUser ? message.runAsUser.value : nil,
      runAsGroup: message.hasRunAsGroup ? message.runAsGroup.value : nil, readOnlyRootFilesystem: message.readonlyRootfs,
      supplementalGroups: message.supplementalGroups,
      supplementalGroupsPolicy: try enumeration(message.supplementalGroupsPolicy, "\(field).supplemental_groups_policy"),
      privileged: message.privileged)
    if message.hasSeccomp {
      seccomp = try SecurityProfile(message.seccomp, field: "\(field).seccomp")
    } else {
      seccomp = try SecurityProfile(deprecated: message.seccompProfilePath, field: "\(field).seccomp_profile_path")
    }
    if message.hasApparmor { appArmor = try SecurityProfile(message.apparmor, field: "\(field).apparmor") }
  }
}

extension Runtime_V1_LinuxSandboxSecurityContext {
  package init(_ value: SandboxSecurityContext) {
    self.init()
    namespaceOptions = Runtime_V1_NamespaceOption(value.namespaces)
    if let user = value.runAsUser { runAsUser = Runtime_V1_Int64Value(user) }
    if let group = value.runAsGroup { runAsGroup = Runtime_V1_Int64Value(group) }
    readonlyRootfs = value.readOnlyRootFilesystem
    supplementalGroups = value.supplementalGroups
    supplementalGroupsPolicy = enumeration(value.supplementalGroupsPolicy)
    privileged = value.privileged
    if let profile = value.seccomp { seccomp = Runtime_V1_SecurityProfile(profile) }
    if let profile = value.appArmor { apparmor = Runtime_V1_SecurityProfile(profile) }
  }
}

extension ContainerSecurityContext {
  package init(_ message: Runtime_V1_LinuxContainerSecurityContext, field: String) throws(RuntimeError) {
    let capabilities = message.capabilities
    self.init(
      capabilities: Capabilities(
        add: capabilities.addCapabilities, drop: capabilities.dropCapabilities, addAmbient: capabilities.addAmbientCapabilities),
      privileged: message.privileged,
      namespaces: try NamespaceOption(message.namespaceOptions, field: "\(field).namespace_options"),
      runAsUser: message.hasRunAsUser ? message.runAsUser.value : nil,
      runAsGroup: message.hasRunAsGroup ? message.runAsGroup.value : nil, runAsUsername: message.runAsUsername,
      readOnlyRootFilesystem: message.readonlyRootfs, supplementalGroups: message.supplementalGroups,
      supplementalGroupsPolicy: try enumeration(message.supplementalGroupsPolicy, "\(field).supplemental_groups_policy"),
      noNewPrivileges: message.noNewPrivs, maskedPaths: message.maskedPaths, readOnlyPaths: message.readonlyPaths)
    if message.hasSeccomp {
      seccomp = try SecurityProfile(message.seccomp, field: "\(field).seccomp")
    } else {
      seccomp = try SecurityProfile(deprecated: message.seccompProfilePath, field: "\(field).seccomp_profile_path")
    }
    if message.hasApparmor {
      appArmor = try SecurityProfile(message.apparmor, field: "\(field).apparmor")
    } else {
      appArmor = try SecurityProfile(deprecated: message.apparmorProfile, field: "\(field).apparmor_profile")
    }
  }
}

extension Runtime_V1_LinuxContainerSecurityContext {
  package init(_ value: ContainerSecurityContext) {
    self.init()
    if value.capabilities != Capabilities() {
      capabilities.addCapabilities = value.capabilities.add
      capabilities.dropCapabilities = value.capabilities.drop
      capabilities.addAmbientCapabilities = value.capabilities.addAmbient
    }
    privileged = value.privileged
    namespaceOptions = Runtime_V1_NamespaceOption(value.namespaces)
    if let user = value.runAsUser { runAsUser = Runtime_V1_Int64Value(user) }
    if let group = value.runAsGroup { runAsGroup = Runtime_V1_Int64Value(group) }
    runAsUsername = value.runAsUsername
    readonlyRootfs = value.readOnlyRootFilesystem
    supplementalGroups = value.supplementalGroups
    supplementalGroupsPolicy = enumeration(value.supplementalGroupsPolicy)
    noNewPrivs = value.noNewPrivileges
    maskedPaths = value.maskedPaths
    readonlyPaths = value.readOnlyPaths
    if let profile = value.seccomp { seccomp = Runtime_V1_SecurityProfile(profile) }
    if let profile = value.appArmor { apparmor = Runtime_V1_SecurityProfile(profile) }
  }
}
