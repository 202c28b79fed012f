/// What a metric is called, what it says, and which labels its values have, in this order. Source: CRI MetricDescriptor.
public struct MetricDescriptor: Equatable, Sendable {
  public var name: String
  public var help: String
  public var labelKeys: [String]

  public init(name: String, help: String, labelKeys: [String]) {
    self.name = name
    self.help = help
    self.labelKeys = labelKeys
  }
}

/// One value. Source: CRI Metric.
public struct Metric: Equatable, Sendable {
  /// Source: CRI MetricType.
  public enum Kind: Int32, Sendable, CaseIterable {
    case counter = 0
    case gauge = 1
  }
  public var name: String
  /// CLOCK_REALTIME nanoseconds.
  public var timestamp: Int64
  public var kind: Kind
  /// As many as its descriptor has keys.
  public var labelValues: [String]
  public var value: UInt64

  public init(name: String, timestamp: Int64, kind: Kind, labelValues: [String], value: UInt64) {
    self.name = name
    self.timestamp = timestamp
    self.kind = kind
    self.labelValues = labelValues
    self.value = value
  }
}

/// Source: CRI ContainerMetrics.
public struct ContainerMetrics: Equatable, Sendable {
  public var id: ContainerID
  public var metrics: [Metric]

  public init(id: ContainerID, metrics: [Metric]) {
    self.id = id
    self.metrics = metrics
  }
}

/// Of a sandbox itself, and of its containers. Source: CRI PodSandboxMetrics.
public struct SandboxMetrics: Equatable, Sendable {
  public var id: SandboxID
  public var metrics: [Metric]
  public var containers: [ContainerMetrics]

  public init(id: SandboxID, metrics: [Metric], containers: [ContainerMetrics] = []) {
    self.id = id
    self.metrics = metrics
    self.containers = containers
  }
}
