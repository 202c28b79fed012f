import ArgumentParser
import RuntimeAPI

struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "stats", abstract: "CPU, memory and disk use of containers.")
  @OptionGroup var global: GlobalOptions
  @Option(name: .shortAndLong, help: "table, json or yaml.") var output: OutputFormat = .table
  @Flag(name: .shortAndLong, help: "Stopped ones too.") var all = false
  @Option(name: .shortAndLong, help: "Seconds between the two samples CPU % comes from.") var seconds: Double = 1
  @Argument(help: "Containers, by id or name; every running one when absent.") var containers: [String] = []

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds is above 0, at most 3600") }
  }

  func run() async throws {
    let runtime = try global.connect()
    var ids: Set<String> = []
    for text in containers { ids.insert(try await Lookup(runtime: runtime).container(text).id.rawValue) }
    func sample() async throws -> [ContainerStats] {
      try await runtime.listContainerStats(ContainerFilter()).filter {
        (ids.isEmpty || ids.contains($0.id.rawValue)) && (all || $0.cpu != nil)
      }
    }
    let first = try await sample()
    if output != .table { return Terminal.write(try Format.structured(["stats": first], output)) }
    try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
    let before = Dictionary(first.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    var table = Table(["CONTAINER", "NAME", "CPU %", "MEM", "DISK", "INODES", "SWAP"])
    for stats in try await sample().sorted(by: { $0.metadata.name < $1.metadata.name }) {
      table.add([
        Format.shortID(stats.id.rawValue), stats.metadata.name, Self.percent(before[stats.id]?.cpu, stats.cpu),
        stats.memory?.workingSet.map(Format.bytes) ?? "-", stats.writableLayer?.usedBytes.map(Format.bytes) ?? "-",
        stats.writableLayer?.inodesUsed.map(String.init) ?? "-", stats.swap?.usage.map(Format.bytes) ?? "-",
      ])
    }
    Terminal.write(table.text())
  }

  /// Of one core, with two decimals.
  static func percent(_ first: CPUUsage?, _ second: CPUUsage?) -> String {
    guard let hundredths = hundredths(first, second) else { return "-" }
    let cents = hundredths % 100
    return "\(hundredths / 100).\(cents < 10 ? "0" : "")\(cents)"
  }

  /// Hundredths of a percent of one core; nil: there are no two samples.
  static func hundredths(_ first: CPUUsage?, _ second: CPUUsage?) -> UInt64? {
    guard let first, let second, let a = first.usageCoreNanoSeconds, let b = second.usageCoreNanoSeconds,
      second.timestamp > first.timestamp
    else { return nil }
    return (b >= a ? b - a : 0) * 10_000 / UInt64(second.timestamp - first.timestamp)
  }
}
