/// What criu is told to dump a running container: pure. Sources: criu(8), "dump"; proc_pid_mountinfo(5).
struct CriuDump: Sendable {
  /// On the host: the container's first process.
  var process: Int32
  /// Where images go, and where criu's own log and statistics do.
  var images: String
  var work: String
  /// Of the container's mount namespace.
  var mountInfo: String
  /// `pid:[4026532201]` when it is the pod's: it is named, not dumped. nil: the container has its own, or the host's.
  var podProcessNamespace: String?
  var hasTerminal: Bool

  /// What starts criu in the pod's network: one that is criu's own is not dumped, and the pod's is the runtime's affair.
  var entry: [String] { ["--net=/proc/\(process)/ns/net", "--"] }

  static let log = "dump.log"
  static let statistics = "stats-dump"

  var arguments: [String] {
    var arguments = [
      "dump", "--tree", "\(process)", "--images-dir", images, "--work-dir", work, "--log-file", Self.log, "--leave-running",
      "--tcp-established", "--file-locks", "--ext-unix-sk", "--link-remap", "--manage-cgroups=ignore",
    ]
    if hasTerminal { arguments.append("--shell-job") }
    if let namespace = podProcessNamespace { arguments += ["--external", "\(namespace.filter { $0 != ":" }):pod"] }
    for place in externalMounts { arguments += ["--external", "mnt[\(place)]:\(place)"] }
    return arguments
  }

  /// What a container of its own would make again; everything else comes from outside of it.
  private static let own: Set<Substring> = ["proc", "sysfs", "tmpfs", "devpts", "mqueue"]

  /// Each once, in the order they were made.
  var externalMounts: [String] {
    var places: [String] = []
    for line in mountInfo.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash > 5, dash + 1 < fields.count, fields[4] != "/" else { continue }
      let place = String(fields[4])
      let isOwn = Self.own.contains(fields[dash + 1]) && fields[3] == "/" && place != "/dev/shm"
      if !isOwn, !places.contains(place) { places.append(place) }
    }
    return places
  }

  /// What criu's log says went wrong: its last error but for that it failed.
  static func reason(log: String) -> String? {
    guard let line = log.split(separator: "\n").last(where: { $0.contains("Error (") && !$0.contains("Dumping FAILED") }),
      let start = line.range(of: "Error (")
    else { return nil }
    return String(line[start.lowerBound...])
  }
}

extension StringProtocol {
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
