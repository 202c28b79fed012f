import ArgumentParser
import RuntimeAPI

struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Versions of this tool and of the runtime.")
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    Terminal.write("swiftctl version:  \(Swiftctl.configuration.version)\n")
    let version = try await global.connect().version()
    Terminal.write(
      "RuntimeName:  \(version.runtimeName)\nRuntimeVersion:  \(version.runtimeVersion)\nRuntimeApiVersion:  \(version.apiVersion)\n"
    )
  }
}

struct InfoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Conditions, handlers and settings of the runtime.")
  @OptionGroup var global: GlobalOptions
  @Option(name: .shortAndLong, help: "json or yaml.") var output: OutputFormat = .json

  private struct Info: Encodable {
    let conditions: [RuntimeCondition]
    let handlers: [RuntimeHandlerInfo]
    let cgroupDriver: String
    let info: [String: InfoValue]
  }

  func run() async throws {
    let runtime = try global.connect()
    let status = try await runtime.status(verbose: true)
    let driver = try await runtime.cgroupDriver()
    let info = Info(
      conditions: status.conditions, handlers: status.handlers, cgroupDriver: "\(driver)",
      info: status.info.mapValues(InfoValue.init))
    Terminal.write(try Format.structured(info, output))
  }
}

struct RuntimeConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "runtime-config", abstract: "What a kubelet must agree with.")
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    Terminal.write("cgroup driver: \("\(try await global.connect().cgroupDriver())".uppercased())\n")
  }
}

struct ImagefsinfoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "imagefsinfo", abstract: "Disk use of images and of containers' writable layers.")
  @OptionGroup var global: GlobalOptions
  @Option(name: .shortAndLong, help: "table, json or yaml.") var output: OutputFormat = .json

  func run() async throws {
    let info = try await global.connect().imageFilesystemInfo()
    if output != .table { return Terminal.write(try Format.structured(info, output)) }
    var table = Table(["OF", "MOUNTPOINT", "USED", "INODES"])
    for (kind, usages) in [("images", info.images), ("containers", info.containers)] {
      for usage in usages {
        table.add([
          kind, usage.mountpoint, usage.usedBytes.map(Format.bytes) ?? "-", usage.inodesUsed.map(String.init) ?? "-",
        ])
      }
    }
    Terminal.write(table.text())
  }
}

struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "completion", abstract: "Completion for a shell.")
  @Argument(help: "bash, zsh or fish.") var shell = "bash"

  func run() throws {
    guard let shell = CompletionShell(rawValue: shell) else { throw Failure("no completion for \(shell): bash, zsh or fish") }
    Terminal.write(Swiftctl.completionScript(for: shell) + "\n")
  }
}
