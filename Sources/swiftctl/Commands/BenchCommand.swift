import ArgumentParser
import CRIClient
import CRIWork
import LinuxSystem
import RuntimeAPI

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time the same pods on one or more runtimes, in turns.",
    discussion: """
      Each round makes a pod as a kubelet asks for it, starts its container, runs /bin/true in it, and removes it, on one endpoint after the \
      other: what disturbs the machine disturbs all of them. The first endpoint is what the others are compared with: ratios above 1 are \
      slower. The image must be there, or be pulled from the same registry (--pull); it needs sleep and /bin/true.
      """)
  @Option(name: .long, help: "CRI socket, unix:///path; repeated for each runtime. Without it: that of the other commands.")
  var endpoint: [String] = []
  @OptionGroup var global: GlobalOptions
  @Option(help: "Image of the pods.") var image: String
  @Flag(help: "Pull the image on each endpoint first.") var pull = false
  @Option(name: .shortAndLong, help: "Rounds that count.") var number = 20
  @Option(help: "Rounds before that do not.") var warmUp = 2
  @Option(help: "Pods that stay while measuring, on each endpoint.") var podsKept = 0
  @Flag(help: "Pods in the node's network.") var hostNetwork = false
  @Option(help: "Cgroup parent of the pods.") var cgroupParent = ""
  @Option(help: "Where volumes and logs of the pods go, for the time of it.") var directory = "/tmp/swiftctl-bench"
  @Option(name: .shortAndLong, help: "table, json or yaml.") var output: OutputFormat = .table

  func validate() throws {
    guard number > 0, warmUp >= 0, podsKept >= 0 else { throw ValidationError("--number is at least 1") }
  }

  /// One runtime's part.
  private struct Lane {
    let name: String
    let pods: Pods
    var timings = Timings()
    var kept: [Pods.Pod] = []
  }

  func run() async throws {
    let mine = "\(directory)/\(RunCommand.makeUID())"
    var work = Workload()
    (work.image, work.directory, work.hostNetwork, work.cgroupParent) = (image, mine, hostNetwork, cgroupParent)
    let endpoints = endpoint.isEmpty ? [try global.endpoint()] : try endpoint.map(Endpoint.checked)
    var lanes: [Lane] = []
    for place in endpoints {
      let runtime = RemoteRuntime(socketPath: place, timeout: try global.patience())
      let version = try await runtime.version()
      if pull { _ = try await runtime.pullImage(ImageSpec(image: image), auth: nil, sandbox: nil) }
      lanes.append(Lane(name: "\(version.runtimeName) \(version.runtimeVersion)", pods: Pods(runtime: runtime, work: work)))
    }
    defer { try? removeTree(mine) }
    do {
      try await measure(&lanes)
    } catch {
      for lane in lanes { await lane.pods.removeLeftovers() }
      throw error
    }
    Terminal.write(output == .table ? Self.table(lanes.map { ($0.name, $0.timings.rows) }) : try structured(lanes))
  }

  private func measure(_ lanes: inout [Lane]) async throws {
    var ignored = Timings()
    for index in lanes.indices {
      for number in 0..<podsKept { lanes[index].kept.append(try await lanes[index].pods.create(number, &ignored)) }
    }
    var bar = ProgressBar()
    for round in 0..<(warmUp + number) {
      for index in lanes.indices {
        var timings = round < warmUp ? Timings() : lanes[index].timings
        let pod = try await lanes[index].pods.create(podsKept + round, &timings)
        try await lanes[index].pods.exec(pod, &timings)
        try await lanes[index].pods.remove(pod, &timings)
        if round >= warmUp { lanes[index].timings = timings }
      }
      bar.show("measuring", done: UInt64(round + 1), total: UInt64(warmUp + number))
    }
    bar.clear()
    for lane in lanes { for pod in lane.kept { try await lane.pods.remove(pod, &ignored) } }
  }

  private struct Result: Encodable {
    struct Operation: Encodable {
      let operation: String
      let count: Int
      let minimum, p50, p90, p99, maximum: Double
    }
    let runtime: String
    let milliseconds: [Operation]
  }

  private func structured(_ lanes: [Lane]) throws -> String {
    let results = lanes.map { lane in
      Result(
        runtime: lane.name,
        milliseconds: lane.timings.rows.map {
          .init(
            operation: $0.operation, count: $0.count, minimum: $0.min, p50: $0.p50, p90: $0.p90, p99: $0.p99, maximum: $0.max)
        })
    }
    return try Format.structured(["results": results], output)
  }

  /// Milliseconds; each runtime behind the first with its ratios to it.
  static func table(_ lanes: [(name: String, rows: [Timings.Row])]) -> String {
    var text = ""
    for (number, lane) in lanes.enumerated() { text += "\(number + 1): \(lane.name)\n" }
    var titles = ["OPERATION (MS)"]
    for number in lanes.indices {
      titles += ["\(number + 1) P50", "\(number + 1) P99"] + (number == 0 ? [] : ["\(number + 1)/1 P50", "\(number + 1)/1 P99"])
    }
    var table = Table(titles)
    for first in lanes.first?.rows ?? [] {
      var row = [first.operation]
      for (number, lane) in lanes.enumerated() {
        guard let own = lane.rows.first(where: { $0.operation == first.operation }) else { continue }
        row += [Timings.milliseconds(own.p50), Timings.milliseconds(own.p99)]
        if number > 0 { row += [ratio(own.p50, first.p50), ratio(own.p99, first.p99)] }
      }
      table.add(row + Array(repeating: "-", count: titles.count - row.count))
    }
    return text + table.text()
  }

  /// With two decimals.
  private static func ratio(_ value: Double, _ base: Double) -> String {
    guard base > 0 else { return "-" }
    let hundredths = Int((value / base * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
