/// A rate limit of one block device.
public struct IOThrottle: Equatable, Sendable {
  /// Raw values are the keys of io.max.
  public enum Kind: String, Sendable {
    case readBytes = "rbps"
    case writeBytes = "wbps"
    case readOperations = "riops"
    case writeOperations = "wiops"
  }

  public var major: Int64
  public var minor: Int64
  public var kind: Kind
  /// Bytes or operations per second; 0: unlimited.
  public var rate: UInt64

  public init(major: Int64, minor: Int64, kind: Kind, rate: UInt64) {
    self.major = major
    self.minor = minor
    self.kind = kind
    self.rate = rate
  }
}

extension CgroupResources {
  /// io.weight and io.max. Source: cgroup-v2.rst, "IO Interface Files".
  func ioSettings() -> [Setting] {
    var result: [Setting] = []
    if let ioWeight, ioWeight != 0 {
      // OCI 10...1000 becomes 1...10000. Without the iocost policy there is no such file.
      let weight = 1 + (Int(max(ioWeight, 10)) - 10) * 9999 / 990
      result.append(Setting(.io, "io.weight", "default \(min(weight, 10000))", .weight, optionalFile: true))
    }
    for throttle in ioThrottles {
      let rate = throttle.rate == 0 ? "max" : "\(throttle.rate)"
      result.append(
        Setting(
          .io, "io.max", "\(throttle.major):\(throttle.minor) \(throttle.kind.rawValue)=\(rate)",
          throttle.rate == 0 ? .weight : .limit))
    }
    return result
  }
}
