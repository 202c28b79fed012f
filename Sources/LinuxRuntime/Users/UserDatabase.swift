/// Who a container's process is.
public struct ResolvedIdentity: Equatable, Sendable {
  public var uid: UInt32
  public var gid: UInt32
  /// Primary group included, no repetitions; what process.additionalGids gets.
  public var groups: [UInt32]
  /// From passwd, "/" when it does not say.
  public var home: String

  public init(uid: UInt32, gid: UInt32, groups: [UInt32], home: String) {
    self.uid = uid
    self.gid = gid
    self.groups = groups
    self.home = home
  }
}

/// The users and groups of an image: its /etc/passwd and /etc/group as text. The texts come from strangers: lines that are malformed
/// are skipped, and only the first 65536 lines are looked at. Sources: passwd(5), group(5).
public struct UserDatabase: Sendable {
  struct User: Equatable {
    var name: String
    var uid: UInt32
    var gid: UInt32
    var home: String
  }
  struct Group: Equatable {
    var name: String
    var gid: UInt32
    var members: [String]
  }
  private static let lineLimit = 65536
  /// NGROUPS_MAX.
  private static let groupLimit = 65536

  let users: [User]
  let groups: [Group]

  /// nil: the image has no such file.
  public init(passwd: String?, group: String?) {
    users = Self.lines(passwd ?? "").compactMap { fields in
      guard fields.count >= 4, !fields[0].isEmpty, let uid = Self.number(fields[2]), let gid = Self.number(fields[3]) else {
        return nil
      }
      return User(name: fields[0], uid: uid, gid: gid, home: fields.count > 5 ? fields[5] : "")
    }
    groups = Self.lines(group ?? "").compactMap { fields in
      guard fields.count >= 3, !fields[0].isEmpty, let gid = Self.number(fields[2]) else { return nil }
      return Group(name: fields[0], gid: gid, members: fields.count > 3 ? fields[3].split(separator: ",").map(String.init) : [])
    }
  }

  /// The rules of CRI (`LinuxContainerSecurityContext.run_as_user` and the fields beside it, `SupplementalGroupsPolicy`).
  /// - Parameters:
  ///   - user, username: run_as_user, run_as_username; a name wins. Without both `imageUser` decides, without that root.
  ///   - imageUser: `name|uid[:group|gid]`.
  ///   - group: run_as_group; needs a user.
  ///   - strict: groups of /etc/group are not added (SupplementalGroupsPolicy Strict).
  /// - Throws: `.user` for names that do not exist and numbers out of range.
  public func resolve(
    user: Int64?, username: String, imageUser: String, group: Int64?, supplementalGroups: [Int64], strict: Bool
  ) throws(LinuxRuntimeError) -> ResolvedIdentity {
    var identity: (uid: UInt32, entry: User?)
    var gid: UInt32?
    if !username.isEmpty {
      identity = try find(username, field: "run_as_username")
    } else if let user {
      let uid = try Self.identifier(user, field: "run_as_user")
      identity = (uid, users.first { $0.uid == uid })
    } else {
      if group != nil { throw LinuxRuntimeError(.user, "run_as_group is given without run_as_user or run_as_username") }
      let parts = imageUser.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = parts.first ?? ""
      identity = try find(name.isEmpty ? "0" : name, field: "the image's user")
      if parts.count > 1, !parts[1].isEmpty { gid = try findGroup(parts[1]) }
    }
    if let group { gid = try Self.identifier(group, field: "run_as_group") }
    let primary = gid ?? identity.entry?.gid ?? 0

    var all = [primary]
    var seen: Set<UInt32> = [primary]
    func add(_ id: UInt32) { if seen.insert(id).inserted { all.append(id) } }
    if !strict, let name = identity.entry?.name { for group in groups where group.members.contains(name) { add(group.gid) } }
    for id in supplementalGroups { add(try Self.identifier(id, field: "supplemental_groups")) }
    guard all.count <= Self.groupLimit else {
      throw LinuxRuntimeError(.user, "\(all.count) groups are more than the kernel's \(Self.groupLimit)")
    }
    let home = identity.entry?.home ?? ""
    return ResolvedIdentity(uid: identity.uid, gid: primary, groups: all, home: home.hasPrefix("/") ? home : "/")
  }

  /// By name first: a user may be called "1000".
  private func find(_ text: String, field: String) throws(LinuxRuntimeError) -> (UInt32, User?) {
    if let entry = users.first(where: { $0.name == text }) { return (entry.uid, entry) }
    guard let uid = Self.number(text) else {
      if text.utf8.allSatisfy({ (48...57).contains($0) }) { throw LinuxRuntimeError(.user, "\(field): \(text) is not a user id") }
      throw LinuxRuntimeError(.user, "\(field): there is no user '\(text)' in the image's /etc/passwd")
    }
    return (uid, users.first { $0.uid == uid })
  }

  private func findGroup(_ text: String) throws(LinuxRuntimeError) -> UInt32 {
    if let entry = groups.first(where: { $0.name == text }) { return entry.gid }
    guard let gid = Self.number(text) else {
      throw LinuxRuntimeError(.user, "the image's user: there is no group '\(text)' in the image's /etc/group")
    }
    return gid
  }

  /// -1 as an unsigned number means "leave it" to setresuid(2): it is nobody's id.
  private static func identifier(_ value: Int64, field: String) throws(LinuxRuntimeError) -> UInt32 {
    guard let id = UInt32(exactly: value), id != .max else { throw LinuxRuntimeError(.user, "\(field): \(value) is not an id") }
    return id
  }

  private static func number(_ text: String) -> UInt32? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt32(text), value != .max else { return nil }
    return value
  }

  private static func lines(_ text: String) -> [[String]] {
    var result: [[String]] = []
    for line in text.utf8.split(maxSplits: lineLimit, whereSeparator: { $0 == 10 || $0 == 13 }).prefix(lineLimit)
    where line.first != 35 {
      result.append(line.split(separator: 58, omittingEmptySubsequences: false).map { String(Substring($0)) })
    }
    return result
  }
}
