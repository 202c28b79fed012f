/// A pod's place in a network, as plugins are told of it.
public struct CNIAttachment: Equatable, Sendable {
  /// The sandbox's id.
  public var containerID: String
  /// Path of its network namespace; empty when that is gone: a plugin gives back what it has elsewhere.
  public var namespace: String
  /// Pairs of CNI_ARGS, in order.
  public var arguments: [(name: String, value: String)]
  /// What plugins with a capability of that name are told (`runtimeConfig`).
  public var capabilities: JSON

  public static let interface = "eth0"

  public init(
    containerID: String, namespace: String, arguments: [(name: String, value: String)] = [], capabilities: JSON = .object([])
  ) {
    (self.containerID, self.namespace, self.arguments, self.capabilities) = (containerID, namespace, arguments, capabilities)
  }

  public static func == (one: CNIAttachment, other: CNIAttachment) -> Bool { one.json == other.json }

  // MARK: Kept

  var json: JSON {
    .object(
      ("containerId", .string(containerID)), ("netns", .string(namespace)),
      ("cniArgs", .array(arguments.map { .strings([$0.name, $0.value]) })), ("capabilityArgs", capabilities))
  }

  init?(_ json: JSON) {
    guard let id = json["containerId"]?.string else { return nil }
    let pairs = (json["cniArgs"]?.array ?? []).compactMap { pair -> (name: String, value: String)? in
      guard let pair = pair.array, pair.count == 2, let name = pair[0].string, let value = pair[1].string else { return nil }
      return (name, value)
    }
    self.init(
      containerID: id, namespace: json["netns"]?.string ?? "", arguments: pairs, capabilities: json["capabilityArgs"] ?? .object([])
    )
  }
}
