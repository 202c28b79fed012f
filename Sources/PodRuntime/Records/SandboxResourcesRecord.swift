import CRIMapping
import RuntimeAPI

/// What UpdatePodSandboxResources said of a sandbox; nil: as it was made. It lies beside podshim only, as it means nothing once the
/// sandbox's cgroups are gone.
struct SandboxResourcesRecord: Equatable, Sendable {
  static let file = "resources"

  var overhead: LinuxResources?
  var resources: LinuxResources?

  private enum Tag {
    static let overhead: UInt16 = 1
    static let resources: UInt16 = 2
  }

  func bytes() throws(RuntimeError) -> [UInt8] {
    var writer = RecordWriter()
    if let overhead { writer.bytes(Tag.overhead, try overhead.wireBytes()) }
    if let resources { writer.bytes(Tag.resources, try resources.wireBytes()) }
    return writer.finish(.sandboxResources)
  }

  /// What is nil stays as it is.
  func updated(overhead: LinuxResources?, resources: LinuxResources?) -> Self {
    Self(overhead: overhead ?? self.overhead, resources: resources ?? self.resources)
  }

  /// The configuration as it is now.
  func applied(to config: SandboxConfig) -> SandboxConfig {
    var config = config
    config.overhead = overhead ?? config.overhead
    config.resources = resources ?? config.resources
    return config
  }
}

extension SandboxResourcesRecord {
  init(bytes: [UInt8]) throws {
    let reader = try RecordReader(bytes, .sandboxResources)
    func read(_ tag: UInt16) throws(RuntimeError) -> LinuxResources? {
      try reader.bytes(tag).map { (bytes) throws(RuntimeError) in try LinuxResources(wireBytes: bytes) }
    }
    self.init(overhead: try read(Tag.overhead), resources: try read(Tag.resources))
  }
}
