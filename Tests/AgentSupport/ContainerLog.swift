import Foundation

/// A container's log in the CRI format: `<time> <stream> <F|P> <text>`.
package struct ContainerLog {
  package struct Line: Equatable {
    package var stream: String
    package var text: String
  }
  package let lines: [Line]

  package init(_ path: String) {
    let content = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    lines = content.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
      return parts.count == 4 ? Line(stream: String(parts[1]), text: String(parts[3])) : nil
    }
  }

  package var text: String { lines.map(\.text).joined(separator: "\n") }
}
