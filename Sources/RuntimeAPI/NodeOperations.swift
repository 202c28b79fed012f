/// What a node answers beyond the CRI: images from files, its event log, its pods, what is left over. Served on the CRI socket as
/// `swiftlet.v1.NodeService`.
public protocol NodeOperations: Sendable {
  /// Imports an OCI layout directory, or an OCI or docker archive (plain, gzip, zstd, xz, bzip2). The last value has `done` set.
  /// - Parameter path: absolute, on the node. `pin`: never collected.
  func importImage(path: String, pin: Bool) async throws(RuntimeError) -> AsyncThrowingStream<ImageImportProgress, any Error>

  /// Pulls an image as the CRI's PullImage does, and says how far it is. The last value has `done` set. Ending the stream ends the pull.
  func pullImage(_ reference: String, auth: RegistryAuth?) async throws(RuntimeError) -> AsyncThrowingStream<
    ImageImportProgress, any Error
  >

  /// The stored events after a sequence number, oldest first; with `follow` then those that happen, without end.
  func events(after sequence: UInt64, follow: Bool) async throws(RuntimeError) -> AsyncThrowingStream<NodeEvent, any Error>

  /// Each pod of the kubelet as the JSON text of a `v1.Pod` with its status. Empty arguments match all.
  func podsJSON(namespace: String, name: String) async throws(RuntimeError) -> [String]

  /// How the last start of each matching pod went, oldest start first. Empty arguments match all.
  func startTraces(namespace: String, name: String) async throws(RuntimeError) -> [StartTrace]

  /// What is on the node, in the kernel or on disk, and belongs to no pod, container or image; empty on a healthy node.
  func leaks() async throws(RuntimeError) -> [NodeLeak]

  /// Removes layers and documents that no image and no container needs; returns what was (or with `dryRun` would be) removed.
  func collectGarbage(dryRun: Bool) async throws(RuntimeError) -> [NodeLeak]
}

/// How far an import or a pull is.
public struct ImageImportProgress: Codable, Equatable, Sendable {
  /// For a person: `reading`, `unpacking`, `pulling`, `done`.
  public var stage: String
  public var bytesDone: UInt64
  /// 0: not known.
  public var bytesTotal: UInt64
  /// Digest of the layer the numbers are about; empty: the whole archive.
  public var layer: String
  /// Known at the end.
  public var imageID: String
  public var repoTags: [String]
  public var done: Bool

  public init(
    stage: String, bytesDone: UInt64 = 0, bytesTotal: UInt64 = 0, layer: String = "", imageID: String = "",
    repoTags: [String] = [], done: Bool = false
  ) {
    self.stage = stage
    self.bytesDone = bytesDone
    self.bytesTotal = bytesTotal
    self.layer = layer
    self.imageID = imageID
    self.repoTags = repoTags
    self.done = done
  }
}

/// An entry of the node's event log, like a `v1.Event` about a pod.
public struct NodeEvent: Codable, Equatable, Sendable {
  public var sequence: UInt64
  /// `Normal` or `Warning`.
  public var type: String
  public var reason: String
  public var namespace: String
  public var name: String
  public var uid: String
  /// JSON path of the field it is about; may be empty.
  public var field: String
  public var message: String
  public var count: UInt32
  /// CLOCK_REALTIME nanoseconds.
  public var firstNanoseconds: Int64
  public var lastNanoseconds: Int64

  public init(
    sequence: UInt64, type: String, reason: String, namespace: String = "", name: String = "", uid: String = "",
    field: String = "", message: String, count: UInt32 = 1, firstNanoseconds: Int64, lastNanoseconds: Int64
  ) {
    self.sequence = sequence
    self.type = type
    self.reason = reason
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.field = field
    self.message = message
    self.count = count
    self.firstNanoseconds = firstNanoseconds
    self.lastNanoseconds = lastNanoseconds
  }
}

/// A kernel object or file that should not be there, or is missing.
public struct NodeLeak: Codable, Equatable, Sendable {
  /// `cgroup`, `mount`, `network-namespace`, `link`, `address`, `process`, `directory`, `image`; `unknown` for a part of the node
  /// that could not be looked at.
  public var kind: String
  public var name: String
  /// Sandbox, container or pod it belonged to; may be empty.
  public var owner: String
  public var problem: String

  public init(kind: String, name: String, owner: String = "", problem: String) {
    self.kind = kind
    self.name = name
    self.owner = owner
    self.problem = problem
  }

  /// Of `part` of the node it cannot be said that nothing leaked.
  public static func unseen(_ part: String, _ reason: String) -> NodeLeak {
    NodeLeak(kind: "unknown", name: part, problem: "could not be looked at: \(reason)")
  }
}
