/// Names without CAP_, or ALL. Source: CRI Capability.
public struct Capabilities: Codable, Equatable, Sendable {
  public var add: [String]
  public var drop: [String]
  public var addAmbient: [String]

  public init(add: [String] = [], drop: [String] = [], addAmbient: [String] = []) {
    self.add = add
    self.drop = drop
    self.addAmbient = addAmbient
  }
}

/// Source: CRI LinuxContainerSecurityContext.
public struct ContainerSecurityContext: Codable, Equatable, Sendable {
  public var capabilities: Capabilities
  public var privileged: Bool
  public var namespaces: NamespaceOption
  public var runAsUser: Int64?
  public var runAsGroup: Int64?
  public var runAsUsername: String
  public var readOnlyRootFilesystem: Bool
  public var supplementalGroups: [Int64]
  public var supplementalGroupsPolicy: SupplementalGroupsPolicy
  public var noNewPrivileges: Bool
  public var maskedPaths: [String]
  public var readOnlyPaths: [String]
  /// nil: unconfined.
  public var seccomp: SecurityProfile?
  public var appArmor: SecurityProfile?

  public init(
    capabilities: Capabilities = Capabilities(), privileged: Bool = false, namespaces: NamespaceOption = NamespaceOption(),
    runAsUser: Int64? = nil, runAsGroup: Int64? = nil, runAsUsername: String = "", readOnlyRootFilesystem: Bool = false,
    supplementalGroups: [Int64] = [], supplementalGroupsPolicy: SupplementalGroupsPolicy = .merge, noNewPrivileges: Bool = false,
    maskedPaths: [String] = [], readOnlyPaths: [String] = [], seccomp: SecurityProfile? = nil, appArmor: SecurityProfile? = nil
  ) {
    self.capabilities = capabilities
    self.privileged = privileged
    self.namespaces = namespaces
    self.runAsUser = runAsUser
    self.runAsGroup = runAsGroup
    self.runAsUsername = runAsUsername
    self.readOnlyRootFilesystem = readOnlyRootFilesystem
    self.supplementalGroups = supplementalGroups
    self.supplementalGroupsPolicy = supplementalGroupsPolicy
    self.noNewPrivileges = noNewPrivileges
    self.maskedPaths = maskedPaths
    self.readOnlyPaths = readOnlyPaths
    self.seccomp = seccomp
    self.appArmor = appArmor
  }
}
