import Foundation

/// A container's log in the CRI format: `<time> <stream> <F|P> <text>`.
struct ContainerLog {
  struct Line: Equatable {
    var stream: String
    var text: String
  }
  let lines: [Line]

  init(_ path: String) {
    let content = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    lines = content.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
      return parts.count == 4 ? Line(stream: String(parts[1]), text: String(parts[3])) : nil
    }
  }

  var text: String { lines.map(\.text).joined(separator: "\n") }
}
