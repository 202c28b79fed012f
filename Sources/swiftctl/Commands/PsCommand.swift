import ArgumentParser
import RuntimeAPI

struct PsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "ps", abstract: "List containers; running ones unless -a.")
  @OptionGroup var global: GlobalOptions
  @OptionGroup var format: OutputOptions
  @Flag(name: .shortAndLong, help: "Stopped ones too.") var all = false
  @Option(help: "Id or id prefix.") var id = ""
  @Option(help: "Part of the container's name.") var name = ""
  @Option(help: "Namespace of the pod.") var namespace = ""
  @Option(name: .shortAndLong, help: "Pod, by id or name.") var pod: String?
  @Option(help: "Part of the image's name.") var image = ""
  @Option(name: .shortAndLong, help: "created, running, exited or unknown.") var state: String?
  @Option(help: "key=value; may be repeated.") var label: [String] = []
  @Flag(name: .shortAndLong, help: "Only the newest.") var latest = false
  @Option(name: [.customShort("n"), .long], help: "Only so many, the newest; 0: all.") var last = 0
  @Flag(help: "Whole ids.") var noTrunc = false

  func run() async throws {
    let runtime = try global.connect()
    var filter = ContainerFilter(id: id, state: all ? nil : .running, labels: try Filters.labels(label))
    if let state {
      guard let value = Self.states[state.lowercased()] else {
        throw Failure("state \(state) is not created, running, exited or unknown")
      }
      filter.state = value
    }
    if let pod { filter.sandboxID = try await Lookup(runtime: runtime).pod(pod).id.rawValue }
    var containers = try await runtime.listContainers(filter).filter {
      Filters.has($0.metadata.name, name) && (namespace.isEmpty || $0.labels[Lookup.podNamespace] == namespace)
        && (Filters.has($0.image.image, image) || Filters.has($0.image.userSpecifiedImage, image))
    }.sorted { $0.createdAt > $1.createdAt }
    if latest || last > 0 { containers = Array(containers.prefix(latest ? 1 : last)) }
    if format.quiet { return Terminal.write(containers.map { "\($0.id)\n" }.joined()) }
    if format.output != .table { return Terminal.write(try Format.structured(["containers": containers], format.output)) }
    var table = Table(["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"])
    table.colour = { $0 == "STATE" ? ($1 == "Running" ? .green : $1 == "Exited" ? .grey : .yellow) : nil }
    for container in containers {
      let image = container.image.userSpecifiedImage.isEmpty ? container.image.image : container.image.userSpecifiedImage
      table.add([
        noTrunc ? container.id.rawValue : Format.shortID(container.id.rawValue),
        image.hasPrefix("sha256:") && !noTrunc ? Format.shortID(image) : image, Format.age(container.createdAt),
        Self.title(container.state), container.metadata.name, "\(container.metadata.attempt)",
        noTrunc ? container.sandboxID.rawValue : Format.shortID(container.sandboxID.rawValue),
        container.labels[Lookup.podName] ?? "unknown", container.labels[Lookup.podNamespace] ?? "unknown",
      ])
    }
    Terminal.write(table.text())
  }

  private static func title(_ state: ContainerState) -> String {
    let name = "\(state)"
    return name.prefix(1).uppercased() + name.dropFirst()
  }

  private static let states: [String: ContainerState] = [
    "created": .created, "running": .running, "exited": .exited, "unknown": .unknown,
  ]
}
