/// A "flat keyed" kernel file: one `KEY VALUE` per line. Source: cgroup-v2.rst, "Format".
struct FlatKeys {
  private var values: [Substring: UInt64] = [:]

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, let value = UInt64(fields[1]) { values[fields[0]] = value }
    }
  }

  subscript(_ key: Substring) -> UInt64? { values[key] }
}
