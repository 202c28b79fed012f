import ArgumentParser
import RuntimeAPI

struct PodsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pods", abstract: "List pod sandboxes.")
  @OptionGroup var global: GlobalOptions
  @OptionGroup var format: OutputOptions
  @Option(help: "Id or id prefix.") var id = ""
  @Option(help: "Part of the pod's name.") var name = ""
  @Option(help: "Namespace.") var namespace = ""
  @Option(name: .shortAndLong, help: "ready or notready.") var state: String?
  @Option(help: "key=value; may be repeated.") var label: [String] = []
  @Flag(name: .shortAndLong, help: "Only the newest.") var latest = false
  @Option(name: [.customShort("n"), .long], help: "Only so many, the newest; 0: all.") var last = 0
  @Flag(help: "Whole ids.") var noTrunc = false

  func run() async throws {
    var filter = SandboxFilter(id: id, labels: try Filters.labels(label))
    switch state?.lowercased() {
    case nil: break
    case "ready": filter.state = .ready
    case "notready": filter.state = .notReady
    case .some(let text): throw Failure("state \(text) is not ready or notready")
    }
    var pods = try await global.connect().listPodSandboxes(filter).filter {
      Filters.has($0.metadata.name, name) && (namespace.isEmpty || $0.metadata.namespace == namespace)
    }.sorted { $0.createdAt > $1.createdAt }
    if latest || last > 0 { pods = Array(pods.prefix(latest ? 1 : last)) }
    if format.quiet { return Terminal.write(pods.map { "\($0.id)\n" }.joined()) }
    if format.output != .table { return Terminal.write(try Format.structured(["items": pods], format.output)) }
    var table = Table(["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"])
    table.colour = { $0 == "STATE" ? ($1 == "Ready" ? .green : .grey) : nil }
    for pod in pods {
      table.add([
        noTrunc ? pod.id.rawValue : Format.shortID(pod.id.rawValue), Format.age(pod.createdAt),
        pod.state == .ready ? "Ready" : "NotReady", pod.metadata.name, pod.metadata.namespace, "\(pod.metadata.attempt)",
        pod.runtimeHandler.isEmpty ? "(default)" : pod.runtimeHandler,
      ])
    }
    Terminal.write(table.text())
  }
}

enum Filters {
  /// Whether a text has a part; every text has an empty one. By bytes: the standard library's way is in its regular expression engine, which
  /// would be linked whole for it.
  static func has(_ text: String, _ part: String) -> Bool {
    part.isEmpty || text.utf8.indices.contains { text.utf8[$0...].starts(with: part.utf8) }
  }

  static func labels(_ texts: [String]) throws -> [String: String] {
    var labels: [String: String] = [:]
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Failure("label filter \(text) is not key=value") }
      labels[parts[0]] = parts[1]
    }
    return labels
  }
}
