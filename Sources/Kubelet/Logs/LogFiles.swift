internal import Glibc
internal import KubeModel
internal import LinuxSystem

/// The log of one run of a container and what rotation made of it: `0.log`, `0.log.20260102-150405`, and older ones as `.gz`. Every call
/// blocks. Source: kubelet pkg/kubelet/logs/container_log_manager.go, whose names these are.
struct LogFiles {
  private let directory: PlainDirectory
  private let name: String

  /// - Parameters:
  ///   - log: below `root`; neither it nor a directory on the way to it may be a symbolic link.
  init(_ log: String, below root: String) throws(SystemCallError) {
    let cut = log.lastIndex(of: "/")
    name = String(log[(cut.map { log.index(after: $0) } ?? log.startIndex)...])
    directory = try PlainDirectory(cut.map { String(log[..<$0]) } ?? ".", below: root)
  }

  /// Bytes of the log; nil: there is none.
  func size() throws(SystemCallError) -> Int64? { try directory.facts(name)?.size }

  /// Before a rotation: removes the oldest, so that with the log, and the one it is about to become, `most` stay, and what an earlier try
  /// left half-done. Compresses what is left: the log before this one is not, until then: whoever reads it has the time to read it to its end.
  /// - Returns: why something could not be removed or compressed; the log is rotated all the same: on a full disk the more, and whatever
  ///   a pod that sees the directory put there.
  func tidy(keeping most: Int) throws(SystemCallError) -> SystemCallError? {
    let names = try directory.names()
    var failure: SystemCallError?
    func remove(_ name: String) {
      do throws(SystemCallError) { try directory.remove(name) } catch { failure = failure ?? error }
    }
    let rotated = names.filter { isRotated($0, suffixes: ["", ".gz"]) }
    let known = Set(rotated)
    for unfinished in names where isRotated(unfinished, suffixes: [".tmp"]) { remove(unfinished) }
    for whole in rotated where known.contains(whole + ".gz") { remove(whole) }
    let left = rotated.filter { !known.contains($0 + ".gz") }.sorted()
    for old in left.dropLast(max(0, most - 2)) { remove(old) }
    for recent in left.suffix(max(0, most - 2)) where !recent.hasSuffix(".gz") {
      do throws(SystemCallError) { try compress(recent) } catch { return failure ?? error }
    }
    return failure
  }

  /// Gives the log the name of a rotated one.
  /// - Throws: EEXIST when one was rotated in this second.
  func setAside(_ now: Int64) throws(SystemCallError) -> String {
    let aside = "\(name).\(Self.stamp(now))"
    try directory.rename(name, to: aside)
    return aside
  }

  /// Takes that back. Where a new log has begun meanwhile it stays.
  func restore(_ aside: String) throws(SystemCallError) { try directory.rename(aside, to: name) }

  /// Bytes: what a log grows to between two looks is far less; a file that a pod put there is not read for hours.
  private static let compressible: Int64 = 4 << 30

  private func compress(_ rotated: String) throws(SystemCallError) {
    let partial = rotated + ".tmp"
    if let size = try directory.facts(rotated)?.size, size > Self.compressible {
      throw SystemCallError(call: "compress", subject: rotated, code: EFBIG)
    }
    do {
      let source = try directory.open(rotated)
      let target = try directory.create(partial, mode: try directory.facts(rotated)?.mode ?? 0o640)
      try Gzip.compress(source, to: target, name: rotated)
      try directory.rename(partial, to: rotated + ".gz")
    } catch {
      try? directory.remove(partial)
      throw error
    }
    try directory.remove(rotated)
  }

  /// What rotation did not name is somebody else's.
  private func isRotated(_ other: String, suffixes: [String]) -> Bool {
    guard other.hasPrefix(name + ".") else { return false }
    let rest = other.dropFirst(name.count + 1)
    let stamp = rest.prefix(15).utf8
    guard stamp.count == 15, suffixes.contains(String(rest.dropFirst(15))) else { return false }
    return stamp.enumerated().allSatisfy { index, byte in
      index == 8 ? byte == UInt8(ascii: "-") : UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
  }

  /// `YYYYMMDD-HHMMSS`, UTC, of CLOCK_REALTIME nanoseconds: sorts by time.
  static func stamp(_ now: Int64) -> String {
    String(Time(sinceEpoch: now).description.prefix(19).filter { $0 != "-" && $0 != ":" }.map { $0 == "T" ? "-" : $0 })
  }
}
