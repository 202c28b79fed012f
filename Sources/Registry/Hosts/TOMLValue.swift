/// A value of a TOML document. Tables keep the order of their keys: the order of hosts is the order in which they are tried.
enum TOMLValue: Equatable {
  case string(String)
  case integer(Int64)
  case boolean(Bool)
  case array([TOMLValue])
  case table(Table)

  struct Table: Equatable {
    struct Entry: Equatable {
      let key: String
      var value: TOMLValue
    }
    var entries: [Entry] = []

    subscript(_ key: String) -> TOMLValue? { entries.first { $0.key == key }?.value }

    /// Puts a value behind a path of keys. false: something else is there.
    mutating func insert(_ value: TOMLValue, at path: ArraySlice<String>) -> Bool {
      guard let key = path.first else { return false }
      let index = entries.firstIndex { $0.key == key }
      if path.count == 1 {
        guard let index else {
          entries.append(Entry(key: key, value: value))
          return true
        }
        // `[a.b]` made `a` before `[a]` came.
        if case .table(let new) = value, new.entries.isEmpty, case .table = entries[index].value { return true }
        return false
      }
      var below = Table()
      if let index {
        guard case .table(let known) = entries[index].value else { return false }
        below = known
      }
      guard below.insert(value, at: path.dropFirst()) else { return false }
      if let index { entries[index].value = .table(below) } else { entries.append(Entry(key: key, value: .table(below))) }
      return true
    }
  }
}
