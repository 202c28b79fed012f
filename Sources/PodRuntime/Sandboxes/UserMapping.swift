import LinuxSystem
import OCISpec
import RuntimeAPI

/// The ids of a pod with a user namespace of its own: one range of users and one of groups.
struct UserMapping: Equatable, Sendable {
  let uid: IDMappingValue
  let gid: IDMappingValue

  /// nil: the pod has the node's.
  /// - Throws: for what the CRI rules out. Source: CRI UserNamespace; containerd and CRI-O take the same.
  init?(_ option: UserNamespaceOption?) throws(RuntimeError) {
    guard let option else { return nil }
    switch option.mode {
    case .node:
      guard option.uids.isEmpty, option.gids.isEmpty else {
        throw RuntimeError(.invalidArgument, "userns_options: mode NODE has no mappings")
      }
      return nil
    case .container, .target:
      throw RuntimeError(.invalidArgument, "userns_options: mode \(option.mode) is not possible, only POD and NODE are")
    case .pod:
      uid = try Self.only(option.uids, "uids")
      gid = try Self.only(option.gids, "gids")
    }
  }

  private static func only(_ mappings: [IDMappingValue], _ field: String) throws(RuntimeError) -> IDMappingValue {
    guard let mapping = mappings.first, mappings.count == 1 else {
      throw RuntimeError(.invalidArgument, "userns_options.\(field): exactly one mapping is possible, not \(mappings.count)")
    }
    guard mapping.containerID == 0, mapping.length > 0 else {
      throw RuntimeError(
        .invalidArgument,
        "userns_options.\(field): id 0 of the container must be mapped; the mapping has \(mapping.length) ids from \(mapping.containerID) on"
      )
    }
    guard mapping.hostID > 0 else {
      throw RuntimeError(.invalidArgument, "userns_options.\(field): the root of the pod would be the root of the host")
    }
    // The last id means "none".
    guard UInt64(mapping.hostID) + UInt64(mapping.length) <= UInt64(UInt32.max) else {
      throw RuntimeError(.invalidArgument, "userns_options.\(field): there are no \(mapping.length) ids from \(mapping.hostID) on")
    }
    return mapping
  }

  /// For idmapped mounts; blocks for a moment.
  func namespace() throws(SystemCallError) -> SharedDescriptor { try Self.namespace(uids: [uid], gids: [gid]) }

  static func namespace(uids: [IDMappingValue], gids: [IDMappingValue]) throws(SystemCallError) -> SharedDescriptor {
    func lines(_ values: [IDMappingValue]) -> [UserNamespace.Mapping] {
      values.map { .init(inside: $0.containerID, outside: $0.hostID, length: $0.length) }
    }
    return try UserNamespace.create(uids: lines(uids), gids: lines(gids))
  }

  static func spec(_ values: [IDMappingValue]) -> [IDMappingSpec] {
    values.map { IDMappingSpec(containerID: $0.containerID, hostID: $0.hostID, size: $0.length) }
  }
}
