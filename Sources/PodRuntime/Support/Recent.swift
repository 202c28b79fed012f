/// The values that were used last, no more than a number of them.
struct Recent<Key: Hashable, Value> {
  private let capacity: Int
  private var values: [Key: (value: Value, use: UInt64)] = [:]
  private var uses: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { values.count }

  subscript(key: Key) -> Value? {
    mutating get {
      guard let index = values.index(forKey: key) else { return nil }
      uses += 1
      values.values[index].use = uses
      return values.values[index].value
    }
    set {
      guard let newValue else {
        values[key] = nil
        return
      }
      uses += 1
      values[key] = (newValue, uses)
      if values.count > capacity, let oldest = values.min(by: { $0.value.use < $1.value.use }) { values[oldest.key] = nil }
    }
  }
}
