import ArgumentParser
import Foundation
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

/// Any JSON value, passed through.
indirect enum JSONTree: Codable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONTree].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONTree].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
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
