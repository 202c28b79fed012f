/// A YAML value as it is written: what a scalar means is the reader's business.
public enum YAMLNode: Sendable {
  case scalar(Scalar)
  case mapping(Mapping)
  case sequence(Sequence)

  public struct Scalar: Sendable {
    public enum Style: Sendable { case plain, quoted }
    public let string: String
    public let style: Style
    /// As resolved, e.g. `tag:yaml.org,2002:str`, or `!`; nil when none is written.
    public let tag: String?
    public let mark: Mark
  }

  public struct Mapping: Sendable {
    /// In the order written.
    public let entries: [(key: YAMLNode, value: YAMLNode)]
    public let mark: Mark
  }

  public struct Sequence: Sendable {
    public let items: [YAMLNode]
    public let mark: Mark
  }

  public var scalar: Scalar? { if case .scalar(let scalar) = self { scalar } else { nil } }

  /// Where it begins.
  public var mark: Mark {
    switch self {
    case .scalar(let scalar): scalar.mark
    case .mapping(let mapping): mapping.mark
    case .sequence(let sequence): sequence.mark
    }
  }
}

/// A place in the text: line and column from 1, columns in Unicode scalars.
public struct Mark: Hashable, Sendable {
  public let line: Int
  public let column: Int
}

/// A text that is no YAML, or repeats a key of a mapping.
public struct SyntaxError: Error, Sendable {
  public let mark: Mark
  public let message: String
}
