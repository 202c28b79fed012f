import ArgumentParser
import LinuxSystem
import RuntimeAPI

struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Containers or pods by the CPU they use, again and again.",
    discussion: "On a terminal the screen is written anew each time; into a pipe one table follows the other. Ctrl-C ends it.")
  @OptionGroup var global: GlobalOptions
  @Flag(help: "Pods, not containers.") var pods = false
  @Option(name: .shortAndLong, help: "Seconds between two looks.") var seconds: Double = 2
  @Option(name: [.customShort("n"), .long], help: "So many tables, then the end; 0: no end.") var count = 0

  func validate() throws {
    guard seconds >= 0.1, seconds <= 3600, count >= 0 else { throw ValidationError("--seconds is 0.1 to 3600, --count 0 or more") }
  }

  /// One line: of a container, or of a pod.
  struct Usage: Sendable {
    var id: String
    var name: String
    var pod: String
    var cpu: CPUUsage?
    var memory: UInt64?
    var processes: UInt64?
  }

  func run() async throws {
    let runtime = try global.connect()
    var before = try await sample(runtime)
    var shown = 0
    while count == 0 || shown < count {
      try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
      let now = try await sample(runtime)
      // Home, and what is below the table gone.
      if isTerminal(.output) { Terminal.write("\u{1b}[H\u{1b}[2J") }
      Terminal.write(Self.table(before, now, pods: pods))
      before = now
      shown += 1
    }
  }

  private func sample(_ runtime: any ContainerRuntime) async throws -> [Usage] {
    if pods {
      return try await runtime.listPodSandboxStats(SandboxFilter()).map { stats in
        Usage(
          id: stats.id.rawValue, name: stats.metadata.name, pod: stats.metadata.namespace, cpu: stats.cpu,
          memory: stats.memory?.workingSet, processes: stats.processCount)
      }
    }
    return try await runtime.listContainerStats(ContainerFilter()).filter { $0.cpu != nil }.map { stats in
      Usage(
        id: stats.id.rawValue, name: stats.metadata.name, pod: stats.labels[Lookup.podName] ?? "-", cpu: stats.cpu,
        memory: stats.memory?.workingSet)
    }
  }

  /// Most CPU first, then most memory.
  static func table(_ before: [Usage], _ now: [Usage], pods: Bool) -> String {
    let known = Dictionary(before.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let rows = now.map { ($0, StatsCommand.hundredths(known[$0.id]?.cpu, $0.cpu)) }.sorted {
      ($0.1 ?? 0, $0.0.memory ?? 0, $1.0.name) > ($1.1 ?? 0, $1.0.memory ?? 0, $0.0.name)
    }
    var table = Table(pods ? ["POD", "NAMESPACE", "CPU %", "MEM", "PROCESSES"] : ["CONTAINER", "POD", "CPU %", "MEM", "ID"])
    for (usage, _) in rows {
      let last = pods ? usage.processes.map(String.init) ?? "-" : Format.shortID(usage.id)
      table.add([
        usage.name, usage.pod, StatsCommand.percent(known[usage.id]?.cpu, usage.cpu), usage.memory.map(Format.bytes) ?? "-", last,
      ])
    }
    return table.text()
  }
}
