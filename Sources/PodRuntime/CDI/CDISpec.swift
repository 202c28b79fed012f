/// A file of the Container Device Interface: what a vendor's devices need in a container. Unknown fields of newer versions are ignored,
/// but for those of `containerEdits` that would be missed. Source: cncf-tags/container-device-interface, SPEC.md.
struct CDISpec: Decodable, Sendable {
  struct Device: Decodable, Sendable {
    var name: String
    var containerEdits: Edits?
  }

  struct Edits: Decodable, Sendable {
    var env: [String]?
    var deviceNodes: [DeviceNode]?
    var mounts: [Mount]?
    var hooks: [Hook]?
    var additionalGids: [UInt32]?
    var intelRdt: Anything?
    var netDevices: [Anything]?
  }

  struct DeviceNode: Decodable, Sendable {
    var path: String
    var hostPath: String?
    var type: String?
    var major: UInt32?
    var minor: UInt32?
    var fileMode: UInt32?
    var permissions: String?
    var uid: UInt32?
    var gid: UInt32?
  }

  struct Mount: Decodable, Sendable {
    var hostPath: String
    var containerPath: String
    var options: [String]?
    var type: String?
  }

  struct Hook: Decodable, Sendable {
    var hookName: String
    var path: String
  }

  /// That it is there is what matters.
  struct Anything: Decodable, Sendable {
    init(from decoder: any Decoder) throws {}
  }

  var cdiVersion: String
  /// `vendor.com/class`.
  var kind: String
  var devices: [Device]
  var containerEdits: Edits?
}
