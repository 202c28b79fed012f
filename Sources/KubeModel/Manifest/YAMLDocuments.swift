internal import YAML

/// One document of a stream as the parser composed it.
struct YAMLDocument {
  let node: YAMLNode

  var apiVersionAndKind: (String?, String?) {
    guard case .mapping(let mapping) = node else { return (nil, nil) }
    func text(_ key: String) -> String? {
      mapping.entries.first { $0.key.scalar?.string == key }?.value.scalar?.string
    }
    return (text("apiVersion"), text("kind"))
  }

  /// The items of a List, after its other fields were checked.
  func checkList(with reader: inout StrictReader) -> [YAMLDocument] {
    guard case .mapping(let mapping) = node else { return [] }
    var items: [YAMLDocument] = []
    for (key, value) in mapping.entries {
      switch key.scalar?.string ?? "" {
      case "apiVersion", "kind": continue
      case "metadata": _ = reader.read(value, .object("ListMeta"), "metadata")
      case "items":
        if case .sequence(let sequence) = value {
          items = sequence.items.map(YAMLDocument.init)
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
    let parser = Parser(text)
    do throws(SyntaxError) {
      while let node = try parser.nextDocument() {
        if !node.isNull { documents.append(YAMLDocument(node: node)) }
      }
      return (documents, nil)
    } catch {
      return (
        documents,
        ManifestError(file: file, line: error.mark.line, column: error.mark.column, path: "", message: error.message)
      )
    }
  }
}

extension YAMLNode {
  /// Nothing written, `~` or `null`.
  var isNull: Bool {
    guard let scalar else { return false }
    return YAMLScalar(scalar) == .null
  }
}
