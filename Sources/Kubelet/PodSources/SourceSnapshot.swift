public import KubeModel

/// The pods that a source wants on this node at one moment: all of them, or those that are other ones than before.
public struct SourceSnapshot: Sendable {
  public struct DesiredPod: Sendable, Equatable {
    /// With defaults, static name, UID and annotations.
    public let pod: Pod
    public let path: String
    /// Of the pod as written; changes with it.
    public let contentHash: String
    /// Why the file's present content cannot be used; the pod is its last good version.
    public internal(set) var degraded: String?
    /// Fields that the pod sets and this version does not act on.
    public let unsupported: [UnsupportedFields.Field]
  }

  /// One of the facts that a person should see.
  public struct Event: Sendable, Hashable {
    public enum Reason: String, Sendable {
      case invalidManifest = "InvalidManifest"
      case duplicatePod = "DuplicatePod"
      case unsupportedField = "UnsupportedField"
      case sourceUnavailable = "SourceUnavailable"
    }
    public let reason: Reason
    public let message: String
    /// `namespace/name` if the event is about a pod that runs.
    public let pod: String?
    public let path: String
  }

  /// By path, then by place in the file.
  public internal(set) var pods: [DesiredPod]
  /// New since the last snapshot; each is told once, until it was gone in between.
  public let events: [Event]
  /// Files without any usable content: path -> errors.
  public let degradedFiles: [String: String]
  /// The source cannot say what it wants now: nothing changes.
  public var isUnreadable = false
  /// When the change was noticed that it was read for.
  public var noticed = ContinuousClock.now
  /// There may be pods that it cannot name yet: what it does not name is not gone.
  public var isPartial = false
  /// Only `pods` changed and these went: what is not named stays as it is. nil: `pods` are all.
  public var gone: Set<PodUID>?

  /// Nothing changed.
  var isEmpty: Bool { pods.isEmpty && events.isEmpty && gone?.isEmpty == true }
}
