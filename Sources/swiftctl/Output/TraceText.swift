import RuntimeAPI

/// A trace as a table with a bar for each step. The outermost steps and the waiting between them add up to the whole.
struct TraceText {
  /// A line of the table.
  struct Row: Equatable {
    var name: String
    var depth: Int
    var offset: UInt64
    var duration: UInt64

    var end: UInt64 { offset + duration }
  }

  private let trace: StartTrace
  /// Characters that the whole is wide.
  private static let width: UInt64 = 40

  init(_ trace: StartTrace) { self.trace = trace }

  func text() -> String {
    let total = trace.durationNanoseconds
    var lines = [
      "Start of pod \(trace.namespace)/\(trace.name), \(Format.time(trace.startedAt)): \(Format.duration(total))"
        + (Self.isOver(trace) ? "" : ", not over yet")
    ]
    let rows = rows()
    let names = rows.map { String(repeating: "  ", count: $0.depth) + $0.name }
    let column = (names.map(\.count) + ["STEP".count]).max() ?? 0
    lines.append("")
    lines.append("\(padded("STEP", column))  \(padded("AT", 9, right: true))  \(padded("TOOK", 9, right: true))")
    for (row, name) in zip(rows, names) {
      lines.append(
        "\(padded(name, column))  \(padded(Format.duration(row.offset), 9, right: true))"
          + "  \(padded(Format.duration(row.duration), 9, right: true))  \(Self.bar(row, total))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A pod of a CRI client has no end of its start: the runtime does not know how many containers are to come.
  static func isOver(_ trace: StartTrace) -> Bool { trace.isFinished || trace.steps.first.map { $0.level > 0 } ?? false }

  /// The steps, and the waiting between the outermost ones.
  func rows() -> [Row] {
    let outermost = trace.steps.map(\.level).min() ?? 0
    var rows: [Row] = []
    var reached: UInt64 = 0
    for step in trace.steps {
      if step.level == outermost {
        if step.offsetNanoseconds > reached {
          rows.append(Row(name: "(between)", depth: 0, offset: reached, duration: step.offsetNanoseconds - reached))
        }
        reached = max(reached, step.endNanoseconds)
      }
      rows.append(
        Row(
          name: step.container.isEmpty ? step.name : "\(step.name) (\(step.container))", depth: Int(step.level - outermost),
          offset: step.offsetNanoseconds, duration: step.durationNanoseconds))
    }
    return rows
  }

  /// From the step's beginning to its end; a short step is one dot.
  private static func bar(_ row: Row, _ total: UInt64) -> String {
    guard total > 0 else { return "" }
    let from = Int(row.offset * width / total)
    let to = Int((row.end * width + total - 1) / total)
    let mark = row.duration * width < total ? "." : row.name == "(between)" ? "-" : "="
    return String(repeating: " ", count: from) + String(repeating: mark, count: max(1, to - from))
  }

  private func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - text.count))
    return right ? padding + text : text + padding
  }
}
