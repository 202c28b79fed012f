import CLinux

/// User namespaces as descriptors, for idmapped mounts: no process lives in them.
public enum UserNamespace {
  /// A line of user_namespaces(7)'s uid_map or gid_map.
  public struct Mapping: Equatable, Hashable, Sendable {
    public var inside: UInt32
    public var outside: UInt32
    public var length: UInt32

    public init(inside: UInt32, outside: UInt32, length: UInt32) {
      (self.inside, self.outside, self.length) = (inside, outside, length)
    }

    var line: String { "\(inside) \(outside) \(length)\n" }
  }

  /// A new namespace with these mappings, which lives as long as the descriptor or a mount that uses it.
  /// - Throws: ENOSPC where `user.max_user_namespaces` allows none, EINVAL for mappings that overlap, EPERM where they are forbidden.
  public static func create(uids: [Mapping], gids: [Mapping]) throws(SystemCallError) -> SharedDescriptor {
    let (uidMap, gidMap) = (uids.map(\.line).joined(), gids.map(\.line).joined())
    return SharedDescriptor(
      OwnedDescriptor(
        adopting: try kernelCall("clone3(CLONE_NEWUSER)", on: "user namespace") { unsafe cl_user_namespace(uidMap, gidMap) }))
  }
}
