/// Columns as crictl prints them: at least 20 wide, three spaces between. A cell is one line; one that is very long moves its own row only.
struct Table {
  private var rows: [[String]]
  /// How a cell is coloured on a terminal; gets the column's title and the cell.
  var colour: (String, String) -> Terminal.Colour? = { _, _ in nil }

  init(_ titles: [String]) { rows = [titles] }

  /// The widest that a cell makes its column.
  static let maximumWidth = 64

  mutating func add(_ row: [String]) {
    rows.append(row.map { cell in String(cell.map { $0.isNewline || $0 == "\t" ? " " : $0 }) })
  }

  func text() -> String {
    let titles = rows[0]
    let widths = titles.indices.map { column in min(Self.maximumWidth, max(17, rows.map { $0[column].count }.max() ?? 0)) + 3 }
    return rows.enumerated().map { index, row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = column == row.count - 1 ? "" : String(repeating: " ", count: max(3, widths[column] - cell.count))
        let painted = index > 0 ? colour(titles[column], cell).map { Terminal.paint(cell, $0) } ?? cell : cell
        line += painted + padding
      }
      return line + "\n"
    }.joined()
  }
}
