/// A version of the CNI specification.
public struct CNIVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let major: Int
  public let minor: Int
  public let patch: Int

  public init(_ major: Int, _ minor: Int, _ patch: Int) { (self.major, self.minor, self.patch) = (major, minor, patch) }

  /// `1.0.0`; parts that are left out are 0. nil when it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(parts.count), parts.allSatisfy({ ($0 ?? -1) >= 0 }) else { return nil }
    let numbers = parts.map { $0 ?? 0 } + [0, 0]
    self.init(numbers[0], numbers[1], numbers[2])
  }

  public static func < (one: CNIVersion, other: CNIVersion) -> Bool {
    (one.major, one.minor, one.patch) < (other.major, other.minor, other.patch)
  }
  public var description: String { "\(major).\(minor).\(patch)" }

  /// Of configurations that say none. Source: libcni.
  static let unsaid = CNIVersion(0, 1, 0)
  /// Chains came with it.
  static let oldest = CNIVersion(0, 3, 0)
  static let newest = CNIVersion(1, 1, 0)
  /// CHECK, and the result in DEL.
  static let check = CNIVersion(0, 4, 0)
  /// STATUS and GC.
  static let status = CNIVersion(1, 1, 0)
}
