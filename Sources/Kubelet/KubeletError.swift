/// A failed step of the kubelet. `reason` is the word Kubernetes shows for it (an event reason or `waiting.reason`).
public struct KubeletError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The pod's manifest asks for something that cannot be done. It is tried again as other failures are: a pod may be edited while it waits.
    case invalidPod
    /// An image is not here, and cannot be had now.
    case image
    /// The runtime refused or failed.
    case runtime
    /// A volume cannot be prepared or released.
    case volume
    /// A step took longer than its deadline.
    case timedOut
    /// A lifecycle hook failed.
    case hook
    /// The node's own files or database.
    case node
  }
  public let code: Code
  public let reason: String
  /// A sentence for a person.
  public let message: String
  public let cause: String?

  public init(_ code: Code, reason: String = "", _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.reason = reason
    self.message = message
    self.cause = cause.map { "\($0)" }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
