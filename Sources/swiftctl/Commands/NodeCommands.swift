import ArgumentParser
import CRIClient
import LinuxSystem
import RuntimeAPI

struct ImageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Bring images in.", subcommands: [Import.self])

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Import images from an OCI layout directory or an OCI or docker archive (plain, gzip, zstd, xz, bzip2).")
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Keep them from being garbage collected.") var pin = false
    @Argument(help: "Archive or directory, on the node.", completion: .file()) var path: String

    func run() async throws {
      let absolute = path.hasPrefix("/") ? path : "\(currentDirectory())/\(path)"
      var bar = ProgressBar()
      for try await progress in try await global.connectNode().importImage(path: absolute, pin: pin) {
        if progress.done {
          bar.clear()
          for tag in progress.repoTags.isEmpty ? [progress.imageID] : progress.repoTags { Terminal.write("\(tag)\n") }
        } else {
          bar.show(progress.stage, done: progress.bytesDone, total: progress.bytesTotal)
        }
      }
    }
  }
}

/// One line on standard error, only on a terminal.
struct ProgressBar {
  private let interactive = isTerminal(.error)
  private var shown = false

  mutating func show(_ stage: String, done: UInt64, total: UInt64, _ more: String = "") {
    guard interactive else { return }
    let width = 30
    let filled = total > 0 ? Int(Double(min(done, total)) / Double(total) * Double(width)) : 0
    let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
    Terminal.writeError("\r\u{1b}[K\(stage) [\(bar)] \(Format.bytes(done))\(total > 0 ? " / " + Format.bytes(total) : "")\(more)")
    shown = true
  }

  mutating func clear() {
    if shown { Terminal.writeError("\r\u{1b}[K") }
    shown = false
  }
}

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "What happened on this node.", aliases: ["event"])
  @OptionGroup var global: GlobalOptions
  @Flag(name: [.customShort("w"), .long], help: "Go on with new events.") var watch = false
  @Option(name: .shortAndLong, help: "table, json or yaml.") var output: OutputFormat = .table
  @Option(help: "Only events of this pod.") var pod: String?

  func run() async throws {
    var table = Table(["LAST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"])
    table.colour = { $0 == "TYPE" && $1 == "Warning" ? .yellow : nil }
    var events: [NodeEvent] = []
    for try await event in try await global.connectNode().events(after: 0, follow: watch) {
      if let pod, event.name != pod, "\(event.namespace)/\(event.name)" != pod { continue }
      if output != .table {
        if watch { Terminal.write(try Format.structured(event, output)) } else { events.append(event) }
        continue
      }
      let row = [
        Format.age(event.lastNanoseconds), event.type, event.reason, Self.object(event), "\(event.count)", event.message,
      ]
      if watch { Terminal.write(row.joined(separator: "   ") + "\n") } else { table.add(row) }
    }
    if watch { return }
    Terminal.write(output == .table ? table.text() : try Format.structured(["items": events], output))
  }

  /// An event about a file that holds no pod is about no object.
  private static func object(_ event: NodeEvent) -> String {
    event.name.isEmpty ? "-" : "\(event.namespace)/\(event.name)"
  }
}

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Compare what the node made with what the kernel has; exits 1 when something leaked or could not be seen.")
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let leaks = try await global.connectNode().leaks()
    if leaks.isEmpty { return Terminal.write("nothing leaked\n") }
    var table = Table(["KIND", "NAME", "OWNER", "PROBLEM"])
    for leak in leaks { table.add([leak.kind, leak.name, leak.owner, leak.problem]) }
    Terminal.write(table.text())
    throw ExitCode(1)
  }
}
