import ArgumentParser
import FoundationEssentials
import RuntimeAPI

/// What `inspect*` prints: the status, and what the runtime adds when asked verbosely.
struct Inspection<Status: Encodable>: Encodable {
  let status: Status
  let info: [String: InfoValue]

  init(_ status: Status, _ info: [String: String]) {
    self.status = status
    self.info = info.mapValues(InfoValue.init)
  }
}

/// An info text: JSON objects are shown as such, anything else as a string.
struct InfoValue: Encodable {
  private let value: JSONTree
  init(_ text: String) {
    value = (try? JSONDecoder().decode(JSONTree.self, from: Data(text.utf8))) ?? .string(text)
  }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

struct InspectOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "json or yaml.") var output: OutputFormat = .json

  func write(_ values: [some Encodable]) throws {
    Terminal.write(values.count == 1 ? try Format.structured(values[0], output) : try Format.structured(values, output))
  }
}

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Everything about containers.")
  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: InspectOptions
  @Argument(help: "Containers, by id or name.") var containers: [String]

  func run() async throws {
    let runtime = try global.connect()
    var found: [Inspection<ContainerStatus>] = []
    for text in containers {
      let container = try await Lookup(runtime: runtime).container(text)
      let (status, info) = try await runtime.containerStatus(container.id, verbose: true)
      found.append(Inspection(status, info))
    }
    try options.write(found)
  }
}

struct InspectpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "inspectp", abstract: "Everything about pod sandboxes.")
  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: InspectOptions
  @Argument(help: "Pods, by id or name.") var pods: [String]

  func run() async throws {
    let runtime = try global.connect()
    var found: [Inspection<SandboxStatus>] = []
    for text in pods {
      let pod = try await Lookup(runtime: runtime).pod(text)
      let (status, info) = try await runtime.podSandboxStatus(pod.id, verbose: true)
      found.append(Inspection(status, info))
    }
    try options.write(found)
  }
}

struct InspectiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "inspecti", abstract: "Everything about images.")
  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: InspectOptions
  @Argument(help: "Images, by id, tag or digest.") var images: [String]

  func run() async throws {
    let runtime = try global.connect()
    var found: [Inspection<ImageInfo>] = []
    for reference in images {
      guard let (image, info) = try await runtime.imageStatus(reference, verbose: true) else {
        throw Failure("no image \(reference)", hint: "swiftctl images shows what there is; swiftctl image import ARCHIVE adds one")
      }
      found.append(Inspection(image, info))
    }
    try options.write(found)
  }
}
