internal import FoundationEssentials
internal import LinuxSystem
internal import RuntimeAPI
internal import Synchronization

/// Ids for pods with user namespaces: 65536 each, which no other pod of the node has. What a pod has is in a file of its directory, which
/// survives the agent and goes with the pod; there is no other state. Source: kubelet userns/userns_manager.go, whose file this is.
struct UserRanges: Sendable {
  static let length: UInt32 = 65536
  /// Between looking for what is free and writing it down nobody else looks.
  private static let turn = Mutex(())

  /// The kubelet's root directory.
  let root: String
  /// The delegations of subuid(5) and subgid(5); the kubelet's are of its user's name.
  var delegations = (users: "/etc/subuid", groups: "/etc/subgid")

  private struct Mapping: Codable {
    var hostId: UInt32
    var containerId: UInt32
    var length: UInt32
  }
  private struct File: Codable {
    var uidMappings: [Mapping]
    var gidMappings: [Mapping]
  }

  private func path(_ uid: PodUID) -> String { "\(root)/pods/\(uid)/userns" }

  /// The ids of a pod: those it has, or the lowest that are free. Blocks on the file system.
  func take(_ uid: PodUID) throws(KubeletError) -> UserNamespaceOption {
    try Self.turn.withLock { _ throws(KubeletError) in
      if let first = try Self.first(path(uid)) { return Self.option(first) }
      let (start, count) = try available()
      var taken: Set<UInt32> = []
      for pod in try Self.read("the directory of pods", { () throws(SystemCallError) in try listDirectory("\(root)/pods") }) ?? [] {
        if let first = try Self.first("\(root)/pods/\(pod)/userns") { taken.insert(first) }
      }
      guard let index = (0..<count).first(where: { !taken.contains(start + $0 * Self.length) }) else {
        throw KubeletError(
          .node, reason: "FailedCreatePodSandBox", "no ids are left for another pod with a user namespace (\(count) have some)")
      }
      let first = start + index * Self.length
      let mapping = [Mapping(hostId: first, containerId: 0, length: Self.length)]
      do {
        let text = String(decoding: try JSONEncoder().encode(File(uidMappings: mapping, gidMappings: mapping)), as: UTF8.self)
        try makeDirectory("\(root)/pods/\(uid)", mode: 0o750)
        // Whole or not at all: a range that nobody knows of would be given away twice.
        try makePrivateFile(path(uid) + ".new")
        try writeFile(path(uid) + ".new", text, mode: 0o600)
        try HostFiles.rename(path(uid) + ".new", to: path(uid))
      } catch {
        throw KubeletError(.node, reason: "FailedCreatePodSandBox", "the pod's ids cannot be written down", cause: error)
      }
      return Self.option(first)
    }
  }

  /// nil only for what is not there: what cannot be read may have been given to a pod.
  private static func read<R>(_ what: String, _ body: () throws(SystemCallError) -> R) throws(KubeletError) -> R? {
    do { return try body() } catch {
      // ENOENT, ENOTDIR
      if error.code == 2 || error.code == 20 { return nil }
      throw KubeletError(.node, reason: "FailedCreatePodSandBox", "\(what) cannot be read", cause: error)
    }
  }

  private static func first(_ path: String) throws(KubeletError) -> UInt32? {
    guard let text = try read(path, { () throws(SystemCallError) in try readFile(path, limit: 4096) }) else { return nil }
    guard let file = try? JSONDecoder().decode(File.self, from: Data(text.utf8)), let mapping = file.uidMappings.first,
      mapping.hostId >= length, mapping.hostId % length == 0, mapping.length == length
    else { throw KubeletError(.node, reason: "FailedCreatePodSandBox", "\(path) does not say which ids the pod has") }
    return mapping.hostId
  }

  private static func option(_ first: UInt32) -> UserNamespaceOption {
    let mapping = [IDMappingValue(hostID: first, containerID: 0, length: length)]
    return UserNamespaceOption(mode: .pod, uids: mapping, gids: mapping)
  }

  /// What is delegated to the user `kubelet`; without a delegation everything from 65536 on, but for the last.
  /// - Throws: when users and groups differ, or the range does not begin and end where those of pods do.
  func available() throws(KubeletError) -> (start: UInt32, count: UInt32) {
    let (users, groups) = (Self.delegated(delegations.users), Self.delegated(delegations.groups))
    if users.isEmpty && groups.isEmpty { return (Self.length, UInt32.max / Self.length - 1) }
    guard users.count == 1, groups.count == 1, let range = users.first, range == groups[0], range.start % Self.length == 0,
      range.start >= Self.length, range.count >= Self.length, range.count % Self.length == 0,
      UInt64(range.start) + UInt64(range.count) <= UInt64(UInt32.max)
    else {
      throw KubeletError(
        .node, reason: "FailedCreatePodSandBox",
        "\(delegations.users) and \(delegations.groups) must delegate to the user kubelet one range each, the same, in multiples of \(Self.length)"
      )
    }
    return (range.start, range.count / Self.length)
  }

  private struct Range: Equatable {
    var start: UInt32
    var count: UInt32
  }

  private static func delegated(_ path: String) -> [Range] {
    ((try? readFile(path)) ?? "").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":")
      guard fields.count == 3, fields[0] == "kubelet", let start = UInt32(fields[1]), let count = UInt32(fields[2]) else {
        return nil
      }
      return Range(start: start, count: count)
    }
  }
}
