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
