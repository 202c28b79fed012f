import Foundation

/// The messages of the CRI as its interface description has them: enough of the language for that one file.
struct ProtoFile {
  struct Field {
    var name: String
    var type: String
    var isRepeated: Bool
    var isMap: Bool
  }
  private(set) var messages: [String: [Field]] = [:]
  /// Each with the name of its second value: the first is what an absent field is.
  private(set) var enums: [String: String] = [:]

  static func cri() throws -> ProtoFile {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return ProtoFile(try String(contentsOf: root.appendingPathComponent("Protos/cri-v1.proto"), encoding: .utf8))
  }

  init(_ text: String) {
    var message: String?
    var choice: String?
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: { " ;".contains($0) }).map(String.init)
      switch words.first {
      case "message":
        message = words[1]
        messages[words[1]] = []
      case "enum": choice = words[1]
      case "}": (message, choice) = (nil, nil)
      default:
        guard let equals = words.firstIndex(of: "="), equals >= 1 else { continue }
        if let choice, words[equals + 1] != "0" { enums[choice] = enums[choice] ?? words[0] }
        guard let message, equals >= 2 else { continue }
        messages[message]?.append(
          Field(
            name: words[equals - 1], type: words[0] == "repeated" ? words[1] : words[0], isRepeated: words[0] == "repeated",
            isMap: words[0].hasPrefix("map<")))
      }
    }
  }

  /// A message with every field set, each to another value, in protobuf's JSON.
  func filled(_ name: String) -> [String: Any] {
    var count = 0
    return filled(name, &count)
  }

  private func filled(_ name: String, _ count: inout Int) -> [String: Any] {
    var object: [String: Any] = [:]
    for field in messages[name] ?? [] {
      if field.isMap {
        count += 1
        object[field.name] = ["key\(count)": "value\(count)"]
      } else {
        let value = value(field, &count)
        object[field.name] = field.isRepeated ? [value] : value
      }
    }
    return object
  }

  private func value(_ field: Field, _ count: inout Int) -> Any {
    count += 1
    if messages[field.type] != nil { return filled(field.type, &count) }
    if let choice = enums[field.type] { return choice }
    return switch field.type {
    case "bool": true
    case "string": "\(field.name)\(count)"
    case "bytes": Data("\(field.name)\(count)".utf8).base64EncodedString()
    case "double", "float": Double(count) + 0.5
    // As protobuf writes 64 bits.
    case "int64", "uint64": "\(count)"
    default: count
    }
  }
}
