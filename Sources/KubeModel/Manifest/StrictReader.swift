internal import YAML

/// Turns a composed YAML tree into JSON while holding it against a schema; collects every fault with its place and path.
struct StrictReader {
  let types: [String: [String: Schema.Field]]
  let file: String
  /// Put before each path in errors.
  var prefix = ""
  private(set) var errors: [ManifestError] = []
  /// JSON path -> where it is written.
  private(set) var positions: [String: SourcePosition] = [:]
  /// What is left for the file after this document.
  private(set) var budget: ReadBudget
  private var isCutShort = false
  private var depth = 0

  /// Bytes of a key. The longest that Kubernetes allows is an annotation's: 253 + 1 + 63.
  static let maximumKey = 512
  /// The types of the API nest some 20 levels; free-form fields cost more with each.
  static let maximumDepth = 48

  init(types: [String: [String: Schema.Field]], file: String, prefix: String = "", budget: ReadBudget = ReadBudget()) {
    self.types = types
    self.file = file
    self.prefix = prefix
    self.budget = budget
  }

  /// Where the field at a JSON path is, or the nearest parent that is written in the file.
  func position(of path: String) -> SourcePosition? {
    var path = path[...]
    while true {
      if let position = positions[String(path)] { return position }
      guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return positions[""] }
      path = path[..<cut]
    }
  }

  mutating func fail(_ node: YAMLNode?, _ path: String, _ message: String) {
    if budget.isFaulty || isCutShort { return }
    budget.fault()
    append(node, path, message)
  }

  private mutating func append(_ node: YAMLNode?, _ path: String, _ message: String) {
    let full = prefix.isEmpty ? path : path.isEmpty ? prefix : "\(prefix).\(path)"
    errors.append(
      ManifestError(file: file, line: node?.mark.line ?? 0, column: node?.mark.column ?? 0, path: full, message: message))
  }

  /// What follows from a document that was not read to its end is no fault of it.
  private mutating func cutShort(_ node: YAMLNode, _ path: String) {
    if isCutShort { return }
    isCutShort = true
    append(
      node, path,
      "too large: a file has at most \(ReadBudget.maximumValues) values and \(ReadBudget.maximumText >> 20) MiB of text; "
        + "aliases count each time they are used")
  }

  /// `nil` if the node is at fault (the error is recorded) or the document is too large.
  mutating func read(_ node: YAMLNode, _ shape: Schema.Shape, _ path: String) -> JSONValue? {
    depth += 1
    defer { depth -= 1 }
    if budget.isFaulty { return nil }
    guard budget.take(text: node.scalar?.string.utf8.count ?? 0) else {
      cutShort(node, path)
      return nil
    }
    guard depth <= StrictReader.maximumDepth else {
      fail(node, path, "nested too deeply")
      return nil
    }
    // Below `any` the path stays: it could grow with each level, and nobody asks for a place there.
    if positions[path] == nil { positions[path] = SourcePosition(line: node.mark.line, column: node.mark.column) }
    switch (shape, node) {
    case (.object(let type), .mapping(let mapping)): return object(mapping, node, type, path)
    case (.map(let element), .mapping(let mapping)): return map(mapping, element, path)
    case (.array(let element), .sequence(let sequence)):
      return .array(sequence.items.enumerated().compactMap { read($1, element, "\(path)[\($0)]") })
    case (.any, .sequence(let sequence)):
      return .array(sequence.items.compactMap { read($0, .any, path) })
    case (.any, .mapping(let mapping)): return map(mapping, .any, path)
    case (_, .scalar(let scalar)): return value(scalar, node, shape, path)
    default:
      fail(node, path, "expected \(shape.words), found \(node.words)")
      return nil
    }
  }

  private mutating func object(_ mapping: YAMLNode.Mapping, _ node: YAMLNode, _ type: String, _ path: String) -> JSONValue? {
    let schema = types[type] ?? [:]
    var fields: [String: JSONValue] = [:]
    var seen: Set<String> = []
    for (key, value) in entries(mapping, path) {
      let place = path.isEmpty ? key.text : "\(path).\(key.text)"
      guard seen.insert(key.text).inserted else {
        fail(key.node, place, "given twice")
        continue
      }
      guard let field = schema[key.text] else {
        if budget.isFaulty { break }
        let guess = Spelling.nearest(to: key.text, among: schema.keys)
        fail(key.node, place, "unknown field" + (guess.map { ", did you mean \"\($0)\"?" } ?? ""))
        continue
      }
      if value.isNull {
        seen.remove(key.text)
        continue
      }
      fields[key.text] = read(value, field.shape, place)
    }
    for (name, field) in schema where field.isRequired && !seen.contains(name) {
      fail(node, path.isEmpty ? name : "\(path).\(name)", "Required value")
    }
    return .object(fields)
  }

  private mutating func map(_ mapping: YAMLNode.Mapping, _ element: Schema.Shape, _ path: String) -> JSONValue? {
    var fields: [String: JSONValue] = [:]
    for (key, value) in entries(mapping, path) {
      let place = element == .any ? path : path.isEmpty ? key.text : "\(path).\(key.text)"
      if fields[key.text] != nil {
        fail(key.node, place, "given twice")
      } else if value.isNull {
        fields[key.text] = element == .string ? .string("") : .null
      } else {
        fields[key.text] = read(value, element, place)
      }
    }
    return .object(fields)
  }

  /// Keys as text, with `<<` merged: a key written in the object itself wins.
  private mutating func entries(
    _ mapping: YAMLNode.Mapping, _ path: String, merging: Int = 0
  ) -> [(key: (text: String, node: YAMLNode), value: YAMLNode)] {
    var own: [(key: (text: String, node: YAMLNode), value: YAMLNode)] = []
    var merged: [(key: (text: String, node: YAMLNode), value: YAMLNode)] = []
    for (key, value) in mapping.entries {
      guard case .scalar(let scalar) = key else {
        fail(key, path, "a key must be text")
        continue
      }
      let length = scalar.string.utf8.count
      guard budget.take(text: length) else {
        cutShort(key, path)
        break
      }
      guard length <= StrictReader.maximumKey else {
        fail(key, path, "a key may have at most \(StrictReader.maximumKey) bytes, this one has \(length)")
        continue
      }
      if scalar.string == "<<", scalar.style == .plain {
        let sources: [YAMLNode] = if case .sequence(let list) = value { list.items } else { [value] }
        for source in sources {
          if budget.isExhausted { break }
          guard case .mapping(let inner) = source, merging < 16 else {
            fail(source, path, "<< needs an object")
            continue
          }
          merged += entries(inner, path, merging: merging + 1)
        }
      } else if case .bool = YAMLScalar(scalar) {
        fail(key, path, "the key \(scalar.string) is a boolean in YAML; write \"\(scalar.string)\"")
      } else {
        own.append(((scalar.string, key), value))
      }
    }
    var names = Set(own.map(\.key.text))
    for entry in merged where names.insert(entry.key.text).inserted { own.append(entry) }
    return own
  }

  private mutating func value(
    _ scalar: YAMLNode.Scalar, _ node: YAMLNode, _ shape: Schema.Shape, _ path: String
  ) -> JSONValue? {
    let text = scalar.string
    let found = YAMLScalar(scalar)
    switch (shape, found) {
    case (.string, .string), (.any, .string): return .string(text)
    case (.boolean, .bool(let value)), (.any, .bool(let value)): return .bool(value)
    case (.int32, .int(let value)):
      if Int32(exactly: value) != nil { return .int(value) }
      fail(node, path, "\(text) does not fit in 32 bits")
      return nil
    case (.int64, .int(let value)), (.any, .int(let value)), (.double, .int(let value)): return .int(value)
    case (.double, .double(let value)), (.any, .double(let value)): return .double(value)
    case (.intOrString, .int(let value)) where Int32(exactly: value) != nil: return .int(value)
    case (.intOrString, .string): return .string(text)
    case (.quantity, .string), (.quantity, .int), (.quantity, .double):
      if Quantity(text) != nil { return .string(text) }
      fail(node, path, "\"\(text)\" is not a quantity (such as 500m, 1.5, 64Mi)")
      return nil
    case (.time, .string):
      if Time(text) != nil { return .string(text) }
      fail(node, path, "\"\(text)\" is not a time (RFC 3339, such as 2026-01-31T08:00:00Z)")
      return nil
    case (.duration, .string), (.duration, .int(0)):
      if KubeDuration(text) != nil { return .string(text) }
      fail(node, path, "\"\(text)\" is not a duration (such as 1m30s)")
      return nil
    case (.bytes, .string):
      if ByteString(base64: text) != nil { return .string(text) }
      fail(node, path, "not base64")
      return nil
    case (.any, .null): return .null
    case (.int64, .double(let value)) where value.magnitude >= 9e18 && value.rounded() == value,
      (.int32, .double(let value)) where value.magnitude >= 2e9 && value.rounded() == value:
      fail(node, path, "\(text) does not fit in \(shape == .int32 ? 32 : 64) bits")
      return nil
    case (.int32, .double), (.int64, .double):
      fail(node, path, "expected a whole number, found \(text.clipped(to: 64))")
      return nil
    case (.string, .bool), (.string, .int), (.string, .double):
      fail(node, path, "expected a string, found \(found.kind): write \"\(text)\"")
      return nil
    default:
      fail(node, path, "expected \(shape.words), found \(found.kind)")
      return nil
    }
  }
}

extension Schema.Shape {
  /// For messages.
  var words: String {
    switch self {
    case .string: "a string"
    case .boolean: "a boolean"
    case .int32, .int64: "a whole number"
    case .double: "a number"
    case .bytes: "base64 text"
    case .quantity: "a quantity"
    case .time: "a time"
    case .duration: "a duration"
    case .intOrString: "a number or a name"
    case .any: "a value"
    case .array: "an array"
    case .map, .object: "an object"
    }
  }
}

extension YAMLNode {
  fileprivate var words: String {
    switch self {
    case .scalar(let scalar): YAMLScalar(scalar).kind
    case .mapping: "an object"
    case .sequence: "an array"
    }
  }
}
