import CRIMapping
import RuntimeAPI

/// What became of a container, as far as podshim cannot tell it: absent for one that was only made.
struct ContainerStateRecord: Equatable, Sendable {
  var startedAt: Int64 = 0
  var end: ContainerEnd?
  /// Changed since it was made; nil: as the request says.
  var resources: LinuxResources?

  private enum Tag {
    static let startedAt: UInt16 = 1
    static let ended: UInt16 = 2
    static let finishedAt: UInt16 = 3
    static let exitCode: UInt16 = 4
    static let reason: UInt16 = 5
    static let message: UInt16 = 6
    static let resources: UInt16 = 7
  }

  func bytes() throws(RuntimeError) -> [UInt8] {
    var writer = RecordWriter()
    writer.number(Tag.startedAt, startedAt)
    if let end {
      writer.flag(Tag.ended, true)
      writer.number(Tag.finishedAt, end.finishedAt)
      writer.number(Tag.exitCode, Int64(end.exitCode))
      writer.text(Tag.reason, end.reason)
      writer.text(Tag.message, end.message)
    }
    if let resources { writer.bytes(Tag.resources, try resources.wireBytes()) }
    return writer.finish(.containerState)
  }

  init(startedAt: Int64 = 0, end: ContainerEnd? = nil, resources: LinuxResources? = nil) {
    self.startedAt = startedAt
    self.end = end
    self.resources = resources
  }

  init(bytes: [UInt8]) throws {
    let reader = try RecordReader(bytes, .containerState)
    startedAt = reader.number(Tag.startedAt)
    if reader.flag(Tag.ended) {
      end = ContainerEnd(
        finishedAt: reader.number(Tag.finishedAt), exitCode: Int32(truncatingIfNeeded: reader.number(Tag.exitCode)),
        reason: reader.text(Tag.reason), message: reader.text(Tag.message))
    }
    resources = try reader.bytes(Tag.resources).map { (bytes) throws(RuntimeError) in try LinuxResources(wireBytes: bytes) }
  }
}

/// What became of a sandbox: absent while it is ready.
struct SandboxStateRecord: Equatable, Sendable {
  /// It was stopped and its network given back; else only its pause has ended.
  var stopped: Bool

  private enum Tag {
    static let stopped: UInt16 = 1
  }

  func bytes() -> [UInt8] {
    var writer = RecordWriter()
    writer.flag(Tag.stopped, stopped)
    return writer.finish(.sandboxState)
  }

  init(stopped: Bool) { self.stopped = stopped }
  init(bytes: [UInt8]) throws { stopped = try RecordReader(bytes, .sandboxState).flag(Tag.stopped) }
}
