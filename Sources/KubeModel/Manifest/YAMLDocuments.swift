internal import Yams

/// One document of a stream as the parser composed it.
struct YAMLDocument {
  let node: Yams.Node

  var apiVersionAndKind: (String?, String?) {
    guard case .mapping(let mapping) = node else { return (nil, nil) }
    func text(_ key: String) -> String? {
      mapping.first { $0.key.scalar?.string == key }?.value.scalar?.string
    }
    return (text("apiVersion"), text("kind"))
  }

  /// The items of a List, after its other fields were checked.
  func checkList(with reader: inout StrictReader) -> [YAMLDocument] {
    guard case .mapping(let mapping) = node else { return [] }
    var items: [YAMLDocument] = []
    for (key, value) in mapping {
      switch key.scalar?.string ?? "" {
      case "apiVersion", "kind": continue
      case "metadata": _ = reader.read(value, .object("ListMeta"), "metadata")
      case "items":
        if case .sequence(let sequence) = value {
          items = sequence.map(YAMLDocument.init)
        } else if !value.isNull {
          reader.fail(value, "items", "expected an array")
        }
      case let name: reader.fail(key, name, "unknown field")
      }
    }
    return items
  }
}

enum YAMLDocuments {
  /// The documents before the first syntax error, and that error.
  static func compose(_ text: String, file: String) -> ([YAMLDocument], ManifestError?) {
    var documents: [YAMLDocument] = []
    do {
      let parser = try Parser(yaml: text, resolver: .basic)
      while let node = try parser.nextRoot() {
        if !node.isNull { documents.append(YAMLDocument(node: node)) }
      }
      return (documents, nil)
    } catch let error as YamlError {
      return (documents, locate(error, file: file))
    } catch {
      return (documents, ManifestError(file: file, line: 0, column: 0, path: "", message: "\(error)"))
    }
  }

  private static func locate(_ error: YamlError, file: String) -> ManifestError {
    func at(_ line: Int, _ column: Int, _ message: String) -> ManifestError {
      ManifestError(file: file, line: line, column: column, path: "", message: message)
    }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      var message = problem
      if let context { message += " (\(context.text), which began at line \(context.mark.line))" }
      return at(mark.line, mark.column, message)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
      return at(context.mark.line, context.mark.column, "key \(names) is given twice in one object")
    case .reader(let problem, let offset, _, let text):
      var position = (line: 1, column: 1)
      for character in text.unicodeScalars.prefix(offset ?? 0) {
        position = character == "\n" ? (position.line + 1, 1) : (position.line, position.column + 1)
      }
      return at(position.line, position.column, problem)
    default:
      return at(0, 0, "\(error)")
    }
  }
}

extension Yams.Node {
  /// Nothing written, `~` or `null`.
  var isNull: Bool {
    guard let scalar else { return false }
    return YAMLScalar(scalar) == .null
  }
}
