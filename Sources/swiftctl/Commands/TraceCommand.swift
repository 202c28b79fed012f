import ArgumentParser
import CRIClient
import RuntimeAPI

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "How the start of a pod went, step by step.",
    discussion: """
      Every start is traced, at no cost worth naming; the agent keeps the last start of each of the last 128 pods, until it ends. Without a \
      name: those starts, newest first. With one: each step, when it began and how long it took. Steps that are indented are parts of the \
      step above them; parts may run side by side, and what they do not account for is the waiting between them.
      """)
  @OptionGroup var global: GlobalOptions
  @Option(name: .shortAndLong, help: "table, json or yaml.") var output: OutputFormat = .table
  @Argument(help: "Pod, by name, namespace/name or UID; all when absent.") var pod: String?

  func run() async throws {
    let all = Array(try await global.connectNode().startTraces(namespace: "", name: "").reversed())
    guard let pod else {
      return Terminal.write(output == .table ? Self.list(all) : try Format.structured(["items": all], output))
    }
    let trace = try Self.trace(of: pod, in: all)
    Terminal.write(output == .table ? TraceText(trace).text() : try Format.structured(trace, output))
  }

  /// - Parameter all: newest start first.
  static func trace(of pod: String, in all: [StartTrace]) throws -> StartTrace {
    if let exact = all.first(where: { $0.uid == pod }) { return exact }
    let found = all.filter { $0.name == pod || "\($0.namespace)/\($0.name)" == pod }
    let namespaces = Set(found.map(\.namespace)).sorted()
    if namespaces.count > 1 {
      throw Failure(
        "pods called \(pod) exist in several namespaces",
        hint: "say which: \(namespaces.map { "\($0)/\(pod)" }.joined(separator: ", "))")
    }
    guard let trace = found.first else {
      throw Failure(
        "no trace of a pod called \(pod)",
        hint: "swiftctl trace shows what there is: starts since the agent started, of the last 128 pods")
    }
    return trace
  }

  private static func list(_ traces: [StartTrace]) -> String {
    var table = Table(["POD", "NAMESPACE", "STARTED", "TOOK", "STEPS", "STATE"])
    for trace in traces {
      table.add([
        trace.name, trace.namespace, Format.age(trace.startedAt), Format.duration(trace.durationNanoseconds),
        "\(trace.steps.count)",
        TraceText.isOver(trace) ? "done" : "under way",
      ])
    }
    return table.text()
  }
}
