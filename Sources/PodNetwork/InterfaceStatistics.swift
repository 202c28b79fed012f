/// Traffic of a pod's interface, seen from the pod.
public struct InterfaceStatistics: Sendable, Equatable {
  public let name: String
  public let rxBytes: UInt64
  public let rxPackets: UInt64
  public let rxErrors: UInt64
  public let rxDropped: UInt64
  public let txBytes: UInt64
  public let txPackets: UInt64
  public let txErrors: UInt64
  public let txDropped: UInt64
}
