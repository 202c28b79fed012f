/// Source: CRI MountPropagation.
public enum MountPropagation: Int32, Codable, Sendable, CaseIterable {
  case `private` = 0
  case hostToContainer = 1
  case bidirectional = 2
}

/// Source: CRI Mount.
public struct Mount: Codable, Equatable, Sendable {
  public var containerPath: String
  public var hostPath: String
  public var readOnly: Bool
  public var recursiveReadOnly: Bool
  public var propagation: MountPropagation
  public var uidMappings: [IDMappingValue]
  public var gidMappings: [IDMappingValue]
  /// Image volume; `hostPath` is empty then.
  public var image: ImageSpec?
  public var imageSubPath: String
  public var selinuxRelabel: Bool

  public init(
    containerPath: String, hostPath: String = "", readOnly: Bool = false, recursiveReadOnly: Bool = false,
    propagation: MountPropagation = .private, uidMappings: [IDMappingValue] = [], gidMappings: [IDMappingValue] = [],
    image: ImageSpec? = nil, imageSubPath: String = "", selinuxRelabel: Bool = false
  ) {
    self.containerPath = containerPath
    self.hostPath = hostPath
    self.readOnly = readOnly
    self.recursiveReadOnly = recursiveReadOnly
    self.propagation = propagation
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
    self.image = image
    self.imageSubPath = imageSubPath
    self.selinuxRelabel = selinuxRelabel
  }
}
