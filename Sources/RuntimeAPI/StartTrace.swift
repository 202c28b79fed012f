/// How one start of a pod went: what was done when, and for how long. Made by `StartTraces`.
public struct StartTrace: Codable, Equatable, Sendable {
  public struct Step: Codable, Equatable, Sendable {
    /// For a person, e.g. `network`; see `StartStep`.
    public var name: String
    /// Which container it is about; empty: the pod.
    public var container: String
    /// 0: the kubelet's steps. 1: calls of the runtime, each inside one of those. 2: the parts of a call.
    public var level: UInt32
    /// Since the trace began.
    public var offsetNanoseconds: UInt64
    public var durationNanoseconds: UInt64

    public init(name: String, container: String = "", level: UInt32, offsetNanoseconds: UInt64, durationNanoseconds: UInt64) {
      self.name = name
      self.container = container
      self.level = level
      self.offsetNanoseconds = offsetNanoseconds
      self.durationNanoseconds = durationNanoseconds
    }

    public var endNanoseconds: UInt64 { offsetNanoseconds + durationNanoseconds }
  }

  public var namespace: String
  public var name: String
  public var uid: String
  /// CLOCK_REALTIME nanoseconds of offset 0.
  public var startedAt: Int64
  /// Whether the pod was shown as started; the steps of a trace that is not finished still come.
  public var isFinished: Bool
  /// In the order they began; of two that began together the outer one first.
  public var steps: [Step]

  public init(namespace: String, name: String, uid: String, startedAt: Int64, isFinished: Bool, steps: [Step]) {
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.startedAt = startedAt
    self.isFinished = isFinished
    self.steps = steps
  }

  /// From the beginning to the end of the last step.
  public var durationNanoseconds: UInt64 { steps.map(\.endNanoseconds).max() ?? 0 }
}
