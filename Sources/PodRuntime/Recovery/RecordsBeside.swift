import Glibc
import LinuxSystem
import RuntimeAPI

/// The records that lie beside podshims: what explains a pod whose rows the database does not have. It was lost or is an older copy, or
/// the agent died before its transaction.
struct RecordsBeside: Sendable {
  struct FoundContainer: Sendable {
    var record: ContainerRecord
    /// A `StoredSpec`'s bytes; nil: an older agent did not write them here.
    var spec: [UInt8]?
    var state: ContainerStateRecord?
  }

  /// Sandboxes that have a directory: the others are gone from the node.
  var directories: Set<SandboxID> = []
  /// Without row and whole, oldest first. What an agent had only begun to make is not among them: nobody was told of it.
  var sandboxes: [SandboxRecord] = []
  /// Of every sandbox whose resources were changed.
  var sandboxResources: [SandboxID: SandboxResourcesRecord] = [:]
  /// Containers that have a record here: removing a container takes it first.
  var containerFiles: Set<ContainerID> = []
  /// Without row, in sandboxes that are known.
  var containers: [FoundContainer] = []
  /// Of containers with a row: their file is newer than an old copy of the database.
  var states: [ContainerID: ContainerStateRecord] = [:]

  /// Reads what `sandboxes` and `containers`, which have rows, do not explain. Blocks.
  /// - Throws: when it cannot be told what there is.
  static func read(
    _ settings: PodRuntimeSettings, sandboxes: Set<SandboxID>, containers: Set<ContainerID>
  ) throws(SystemCallError) -> Self {
    var beside = Self()
    for name in try listDirectory("\(settings.stateDirectory)/sandboxes") where Identifier.isWhole(name) {
      let (id, directory) = (SandboxID(name), settings.sandboxDirectory(name))
      guard FileFacts.at(directory)?.kind == .directory else { continue }
      beside.directories.insert(id)
      // One that cannot be read costs its own pod.
      guard let files = try unlessScarce({ () throws(SystemCallError) in try listDirectory(directory) }) else { continue }
      if !sandboxes.contains(id) {
        let file = "\(directory)/\(SandboxRecord.file)"
        let bytes = try unlessScarce { () throws(SystemCallError) in try readRecord(file) }
        guard let record = bytes.flatMap({ try? SandboxRecord(bytes: $0) }), record.id == id, record.isMade
        else { continue }
        beside.sandboxes.append(record)
      }
      if files.contains(SandboxResourcesRecord.file) {
        beside.sandboxResources[id] = try? SandboxResourcesRecord(
          bytes: readRecord("\(directory)/\(SandboxResourcesRecord.file)"))
      }
      for file in files {
        guard let container = ContainerRecord.id(ofFile: file) else { continue }
        beside.containerFiles.insert(container)
        let path = "\(directory)/\(ContainerStateRecord.file(of: container))"
        let state = try? ContainerStateRecord(bytes: readRecord(path))
        if containers.contains(container) {
          beside.states[container] = state
          continue
        }
        guard let bytes = try unlessScarce({ () throws(SystemCallError) in try readRecord("\(directory)/\(file)") }),
          let record = try? ContainerRecord(bytes: bytes), record.id == container, record.sandboxID == id
        else { continue }
        beside.containers.append(FoundContainer(record: record, spec: ContainerRecord.spec(in: bytes), state: state))
      }
    }
    beside.sandboxes.sort { $0.createdAt < $1.createdAt }
    return beside
  }

  /// nil when this file cannot be read.
  /// - Throws: when no file can, as without free descriptors: then nothing is known.
  private static func unlessScarce<R>(_ body: () throws(SystemCallError) -> R) throws(SystemCallError) -> R? {
    do { return try body() } catch {
      if [EMFILE, ENFILE, ENOMEM].contains(error.code) { throw error }
      return nil
    }
  }

  static func readRecord(_ path: String) throws(SystemCallError) -> [UInt8] { try readRegularFile(path, limit: 16 << 20) }
}

// The names of the files, in a sandbox's directory.
extension SandboxRecord {
  static let file = "record"
}

extension ContainerRecord {
  private static let suffix = ".record"
  static func file(of id: ContainerID) -> String { "\(id)\(suffix)" }
  static func id(ofFile name: String) -> ContainerID? {
    name.hasSuffix(suffix) ? ContainerID(String(name.dropLast(suffix.count))) : nil
  }
}

extension ContainerStateRecord {
  /// Written only when what podshim cannot tell changes: the resources.
  static func file(of id: ContainerID) -> String { "\(id).state" }
}
