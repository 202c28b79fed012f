import CRIMapping
import RuntimeAPI

/// What the runtime keeps of a container: the request as it came, and what was decided when it was made. Written once; what becomes of
/// the container is in its `ContainerStateRecord`.
struct ContainerRecord: Sendable {
  var id: ContainerID
  var sandboxID: SandboxID
  var config: ContainerConfig
  var createdAt: Int64
  var imageID: String
  var imageRef: String
  /// Tag (or what was asked for) shown as ContainerStatus.image.
  var imageName: String
  /// Ids of the images it mounts, in the order of the mounts that are of images.
  var volumeImages: [String] = []
  var cgroup: String
  /// Absolute; empty: no log.
  var logPath: String
  var user: ContainerUser
  /// Linux signal number that asks it to stop.
  var stopSignalNumber: Int32
  /// The same as a CRI `Signal`.
  var stopSignal: Int32

  static func key(sandbox: SandboxID, _ metadata: ContainerMetadata) -> String {
    "\(sandbox)/\(metadata.name)/\(metadata.attempt)"
  }
  var key: String { Self.key(sandbox: sandboxID, config.metadata) }

  /// As the request has them, with the ids of images.
  var shownMounts: [Mount] {
    var images = volumeImages.makeIterator()
    return config.mounts.map { mount in
      guard mount.volumeImage != nil, let id = images.next() else { return mount }
      var shown = mount
      shown.image?.imageRef = id
      return shown
    }
  }

  // MARK: Bytes

  /// Tags of the fields. A number is never used again for something else.
  private enum Tag {
    static let id: UInt16 = 1
    static let request: UInt16 = 2
    static let sandboxID: UInt16 = 3
    static let createdAt: UInt16 = 4
    static let imageID: UInt16 = 5
    static let imageRef: UInt16 = 6
    static let imageName: UInt16 = 7
    static let cgroup: UInt16 = 8
    static let logPath: UInt16 = 9
    static let uid: UInt16 = 10
    static let gid: UInt16 = 11
    static let groups: UInt16 = 12
    static let stopSignalNumber: UInt16 = 13
    static let stopSignal: UInt16 = 14
    static let spec: UInt16 = 15
    static let volumeImages: UInt16 = 16
  }

  /// - Parameter spec: a `StoredSpec`'s bytes, in the copy beside podshim: the database keeps them in a row of their own.
  func bytes(spec: [UInt8]? = nil) throws(RuntimeError) -> [UInt8] {
    var writer = RecordWriter()
    writer.text(Tag.id, id.rawValue)
    writer.bytes(Tag.request, try config.wireBytes())
    writer.text(Tag.sandboxID, sandboxID.rawValue)
    writer.number(Tag.createdAt, createdAt)
    writer.text(Tag.imageID, imageID)
    writer.text(Tag.imageRef, imageRef)
    writer.text(Tag.imageName, imageName)
    writer.text(Tag.cgroup, cgroup)
    writer.text(Tag.logPath, logPath)
    writer.number(Tag.uid, user.uid)
    writer.number(Tag.gid, user.gid)
    writer.texts(Tag.groups, user.supplementalGroups.map { "\($0)" })
    writer.number(Tag.stopSignalNumber, Int64(stopSignalNumber))
    writer.number(Tag.stopSignal, Int64(stopSignal))
    if !volumeImages.isEmpty { writer.texts(Tag.volumeImages, volumeImages) }
    if let spec { writer.bytes(Tag.spec, spec) }
    return writer.finish(.container)
  }
}

extension ContainerRecord {
  init(bytes: [UInt8]) throws {
    let reader = try RecordReader(bytes, .container)
    self.init(
      id: ContainerID(String(decoding: try reader.required(Tag.id, "id"), as: UTF8.self)),
      sandboxID: SandboxID(String(decoding: try reader.required(Tag.sandboxID, "sandbox id"), as: UTF8.self)),
      config: try ContainerConfig(wireBytes: try reader.required(Tag.request, "request")),
      createdAt: reader.number(Tag.createdAt), imageID: reader.text(Tag.imageID), imageRef: reader.text(Tag.imageRef),
      imageName: reader.text(Tag.imageName), volumeImages: reader.texts(Tag.volumeImages),
      cgroup: String(decoding: try reader.required(Tag.cgroup, "cgroup"), as: UTF8.self),
      logPath: reader.text(Tag.logPath),
      user: ContainerUser(
        uid: reader.number(Tag.uid), gid: reader.number(Tag.gid),
        supplementalGroups: reader.texts(Tag.groups).compactMap { Int64($0) }),
      stopSignalNumber: Int32(truncatingIfNeeded: reader.number(Tag.stopSignalNumber)),
      stopSignal: Int32(truncatingIfNeeded: reader.number(Tag.stopSignal)))
  }

  /// The spec in a record's copy beside podshim; nil: an older agent wrote it.
  static func spec(in bytes: [UInt8]) -> [UInt8]? { (try? RecordReader(bytes, .container))?.bytes(Tag.spec) }
}
