/// Durations by operation, in the order of first use.
package struct Timings: Sendable {
  package struct Row: Sendable {
    package let operation: String
    package let count: Int
    package let min: Double
    package let p50: Double
    package let p90: Double
    package let p99: Double
    package let max: Double
  }

  package init() {}

  private var order: [String] = []
  private var samples: [String: [Duration]] = [:]

  package mutating func add(_ operation: String, _ duration: Duration) {
    if samples[operation] == nil { order.append(operation) }
    samples[operation, default: []].append(duration)
  }

  package mutating func measure<Result, Failure: Error>(
    _ operation: String, _ body: () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    let start = ContinuousClock.now
    let result = try await body()
    add(operation, ContinuousClock.now - start)
    return result
  }

  /// Milliseconds; percentiles are the nearest rank.
  package var rows: [Row] {
    order.map { operation in
      let sorted = (samples[operation] ?? []).map { $0 / .milliseconds(1) }.sorted()
      func percentile(_ share: Double) -> Double { sorted[Swift.max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)] }
      return Row(
        operation: operation, count: sorted.count, min: sorted[0], p50: percentile(0.5), p90: percentile(0.9),
        p99: percentile(0.99), max: sorted[sorted.count - 1])
    }
  }

  package var table: String {
    let header = ["operation (ms)", "n", "min", "p50", "p90", "p99", "max"]
    let lines =
      [header]
      + rows.map { row in
        [row.operation, "\(row.count)"] + [row.min, row.p50, row.p90, row.p99, row.max].map(Timings.milliseconds)
      }
    return lines.map { line in
      line.enumerated()
        .map { index, cell in
          let pad = String(repeating: " ", count: Swift.max(0, (index == 0 ? 30 : 9) - cell.count))
          return index == 0 ? cell + pad : pad + cell
        }
        .joined(separator: " ")
    }
    .joined(separator: "\n")
  }

  package static func milliseconds(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
  }
}
