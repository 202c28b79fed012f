import ArgumentParser
import RuntimeAPI

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "logs", abstract: "Print a container's log.")
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Go on with what is written, across rotation, until the container ends.") var follow = false
  @Flag(name: .shortAndLong, help: "The log of the attempt before.") var previous = false
  @Flag(name: .shortAndLong, help: "Show the time of each line.") var timestamps = false
  @Option(help: "Only the last N lines.") var tail: Int?
  @Option(help: "Only lines since a duration (10s, 5m, 1h30m) or an RFC 3339 time.") var since: String?
  @Option(help: "At most this many bytes.") var limitBytes: Int?
  @Option(name: .shortAndLong, help: "stdout or stderr only.") var stream: String?
  @Argument(help: "Container, by id or name.") var container: String

  func run() async throws {
    let runtime = try global.connect()
    let target = try await Lookup(runtime: runtime).container(container)
    let status = try await runtime.containerStatus(target.id, verbose: false).status
    guard !status.logPath.isEmpty else {
      throw Failure("container \(target.metadata.name) has no log: its config names no log path")
    }
    let path = previous ? try previousLog(of: status) : status.logPath
    var reader = LogReader(
      path: path, since: try since.map { try LogTime.parse($0) }, stream: stream, timestamps: timestamps, limit: limitBytes)
    try reader.printExisting(tail: tail)
    guard follow, !previous else { return }
    try await reader.follow { (try? await runtime.containerStatus(target.id, verbose: false).status.state) == .running }
  }

  /// The kubelet names logs `<attempt>.log`.
  private func previousLog(of status: ContainerStatus) throws -> String {
    let name = status.logPath.split(separator: "/").last ?? ""
    guard name.hasSuffix(".log"), let attempt = Int(name.dropLast(4)), attempt > 0 else {
      throw Failure("container \(status.metadata.name) has no previous attempt")
    }
    return "\(status.logPath.dropLast(name.count))\(attempt - 1).log"
  }
}
