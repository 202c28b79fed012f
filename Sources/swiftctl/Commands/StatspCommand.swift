import ArgumentParser
import RuntimeAPI

struct StatspCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "statsp", abstract: "CPU, memory and processes of pods.")
  @OptionGroup var global: GlobalOptions
  @Option(name: .shortAndLong, help: "table, json or yaml.") var output: OutputFormat = .table
  @Option(name: .shortAndLong, help: "Seconds between the two samples CPU % comes from.") var seconds: Double = 1
  @Argument(help: "Pods, by id or name; every one when absent.") var pods: [String] = []

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds is above 0, at most 3600") }
  }

  func run() async throws {
    let runtime = try global.connect()
    var ids: Set<SandboxID> = []
    for text in pods { ids.insert(try await Lookup(runtime: runtime).pod(text).id) }
    func sample() async throws -> [SandboxStats] {
      try await runtime.listPodSandboxStats(SandboxFilter()).filter { ids.isEmpty || ids.contains($0.id) }
    }
    let first = try await sample()
    if output != .table { return Terminal.write(try Format.structured(["stats": first], output)) }
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
    let before = Dictionary(first.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    var table = Table(["POD ID", "POD", "NAMESPACE", "CPU %", "MEM", "PROCESSES"])
    for stats in try await sample().sorted(by: { $0.metadata.name < $1.metadata.name }) {
      table.add([
        Format.shortID(stats.id.rawValue), stats.metadata.name, stats.metadata.namespace,
        StatsCommand.percent(before[stats.id]?.cpu, stats.cpu), stats.memory?.workingSet.map(Format.bytes) ?? "-",
        stats.processCount.map(String.init) ?? "-",
      ])
    }
    Terminal.write(table.text())
  }
}
