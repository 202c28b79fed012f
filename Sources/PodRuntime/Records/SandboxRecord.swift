import CRIMapping
import RuntimeAPI

/// What the runtime keeps of a sandbox: the request as it came, and what was decided when it was made. Written once.
struct SandboxRecord: Sendable {
  var id: SandboxID
  var config: SandboxConfig
  var handler: String
  var createdAt: Int64
  /// Addresses, primary first; empty with host network.
  var addresses: [String] = []
  /// The sandbox's own leaf cgroup (podshim and pause), below the cgroup root.
  var cgroup: String
  /// The cgroup that holds the leaf and the containers'; ours to remove only when the request named none.
  var cgroupParent: String
  var ownsCgroupParent: Bool
  /// In the copy beside podshim: everything it names is there or in the making, and its addresses are known. Without it the agent died
  /// early, and nobody was told of the sandbox.
  var isMade = false

  var usesHostNetwork: Bool { config.securityContext.namespaces.network == .node }
  /// Every cgroup the sandbox itself has, leaf first.
  var cgroups: [String] { ownsCgroupParent ? [cgroup, cgroupParent] : [cgroup] }

  /// The key that makes RunPodSandbox idempotent.
  var key: String { Self.key(config.metadata) }
  static func key(_ metadata: SandboxMetadata) -> String {
    "\(metadata.namespace)/\(metadata.name)/\(metadata.uid)/\(metadata.attempt)"
  }

  // MARK: Bytes

  /// Tags of the fields. A number is never used again for something else.
  private enum Tag {
    static let id: UInt16 = 1
    static let request: UInt16 = 2
    static let handler: UInt16 = 3
    static let createdAt: UInt16 = 4
    static let addresses: UInt16 = 5
    static let cgroup: UInt16 = 6
    static let cgroupParent: UInt16 = 7
    static let ownsCgroupParent: UInt16 = 8
    static let isMade: UInt16 = 9
  }

  func bytes() throws(RuntimeError) -> [UInt8] {
    var writer = RecordWriter()
    writer.text(Tag.id, id.rawValue)
    writer.bytes(Tag.request, try config.wireBytes())
    writer.text(Tag.handler, handler)
    writer.number(Tag.createdAt, createdAt)
    writer.texts(Tag.addresses, addresses)
    writer.text(Tag.cgroup, cgroup)
    writer.text(Tag.cgroupParent, cgroupParent)
    writer.flag(Tag.ownsCgroupParent, ownsCgroupParent)
    writer.flag(Tag.isMade, isMade)
    return writer.finish(.sandbox)
  }
}

extension SandboxRecord {
  init(bytes: [UInt8]) throws {
    let reader = try RecordReader(bytes, .sandbox)
    self.init(
      id: SandboxID(String(decoding: try reader.required(Tag.id, "id"), as: UTF8.self)),
      config: try SandboxConfig(wireBytes: try reader.required(Tag.request, "request")), handler: reader.text(Tag.handler),
      createdAt: reader.number(Tag.createdAt), addresses: reader.texts(Tag.addresses),
      cgroup: String(decoding: try reader.required(Tag.cgroup, "cgroup"), as: UTF8.self),
      cgroupParent: String(decoding: try reader.required(Tag.cgroupParent, "cgroup parent"), as: UTF8.self),
      ownsCgroupParent: reader.flag(Tag.ownsCgroupParent),
      // Agents before the flag wrote addresses only into a whole record.
      isMade: reader.flag(Tag.isMade) || !reader.texts(Tag.addresses).isEmpty)
  }
}
