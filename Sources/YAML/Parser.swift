import CLibYAML

/// Composes the documents of a text, one after the other. An alias stands for a copy of what its anchor names, which costs nothing until it
/// is walked: who walks it counts.
///
/// Recurses with the nesting of the text, to a bound.
@safe public final class Parser {
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let text: UnsafeMutableBufferPointer<UInt8>
  private var anchors: [String: YAMLNode] = [:]
  private var depth = 0
  private static let maximumDepth = 500

  public init(_ yaml: String) {
    let bytes = Array(yaml.utf8)
    unsafe text = .allocate(capacity: bytes.count)
    _ = unsafe text.initialize(from: bytes)
    unsafe parser.initialize(to: yaml_parser_t())
    unsafe yaml_parser_initialize(parser)
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  /// The root of the next document; nil after the last.
  public func nextDocument() throws(SyntaxError) -> YAMLNode? {
    anchors = [:]
    while true {
      switch try next() {
      case .streamEnd: return nil
      case .other: continue
      case .documentStart:
        let root = try node(from: next())
        _ = try next()  // the document's end
        return root
      case let event: return try node(from: event)
      }
    }
  }

  // MARK: Events

  private enum Event {
    case alias(String, Mark)
    case scalar(YAMLNode.Scalar, anchor: String?)
    case sequenceStart(Mark, anchor: String?)
    case mappingStart(Mark, anchor: String?)
    case documentStart
    /// Of a mapping, a sequence or a document.
    case end
    case streamEnd
    case other
  }

  private func next() throws(SyntaxError) -> Event {
    // After the end, or an error, the library must not be asked again.
    if unsafe parser.pointee.stream_end_produced != 0 { return .streamEnd }
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
    defer { unsafe yaml_event_delete(&event) }
    let mark = unsafe Mark(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
    switch unsafe event.type {
    case YAML_ALIAS_EVENT: return .alias(unsafe string(event.data.alias.anchor) ?? "", mark)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let value = unsafe String(decoding: UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length)), as: UTF8.self)
      let style: YAMLNode.Scalar.Style =
        unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE || scalar.style == YAML_ANY_SCALAR_STYLE ? .plain : .quoted
      return .scalar(
        YAMLNode.Scalar(string: value, style: style, tag: unsafe string(scalar.tag), mark: mark),
        anchor: unsafe string(scalar.anchor))
    case YAML_SEQUENCE_START_EVENT: return .sequenceStart(mark, anchor: unsafe string(event.data.sequence_start.anchor))
    case YAML_MAPPING_START_EVENT: return .mappingStart(mark, anchor: unsafe string(event.data.mapping_start.anchor))
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT, YAML_DOCUMENT_END_EVENT: return .end
    case YAML_STREAM_END_EVENT: return .streamEnd
    default: return .other
    }
  }

  private func string(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe bytes.map { unsafe String(cString: $0) }
  }

  // MARK: Nodes

  private func node(from event: Event) throws(SyntaxError) -> YAMLNode {
    depth += 1
    defer { depth -= 1 }
    switch event {
    case .sequenceStart(let mark, _) where depth > Self.maximumDepth, .mappingStart(let mark, _) where depth > Self.maximumDepth:
      throw SyntaxError(mark: mark, message: "more than \(Self.maximumDepth) values in each other")
    case .alias(let name, let mark):
      guard let node = anchors[name] else { throw SyntaxError(mark: mark, message: "found undefined alias") }
      return node
    case .scalar(let scalar, let anchor): return register(.scalar(scalar), anchor)
    case .sequenceStart(let mark, let anchor):
      var items: [YAMLNode] = []
      while true {
        let event = try next()
        if case .end = event { break }
        items.append(try node(from: event))
      }
      return register(.sequence(YAMLNode.Sequence(items: items, mark: mark)), anchor)
    case .mappingStart(let mark, let anchor):
      var entries: [(key: YAMLNode, value: YAMLNode)] = []
      var keys: [String: Mark] = [:]
      while true {
        let event = try next()
        if case .end = event { break }
        let key = try node(from: event)
        if let text = key.scalar?.string {
          if let first = keys[text] { throw SyntaxError(mark: first, message: "key \"\(text)\" is given twice in one object") }
          keys[text] = key.mark
        }
        entries.append((key, try node(from: next())))
      }
      return register(.mapping(YAMLNode.Mapping(entries: entries, mark: mark)), anchor)
    case .documentStart, .end, .streamEnd, .other:
      throw SyntaxError(mark: Mark(line: 0, column: 0), message: "the text ends in the middle of a value")
    }
  }

  private func register(_ node: YAMLNode, _ anchor: String?) -> YAMLNode {
    if let anchor { anchors[anchor] = node }
    return node
  }

  // MARK: Faults

  private func failure() -> SyntaxError {
    let state = unsafe parser.pointee
    let problem = unsafe state.problem.map { unsafe String(cString: $0) } ?? "out of memory"
    if unsafe state.error == YAML_READER_ERROR {
      return SyntaxError(mark: mark(ofByte: unsafe Int(state.problem_offset)), message: problem)
    }
    var message = problem
    if let context = unsafe state.context {
      message += unsafe " (\(String(cString: context)), which began at line \(state.context_mark.line + 1))"
    }
    return SyntaxError(
      mark: unsafe Mark(line: Int(state.problem_mark.line) + 1, column: Int(state.problem_mark.column) + 1), message: message)
  }

  private func mark(ofByte offset: Int) -> Mark {
    unsafe text.prefix(max(0, offset)).reduce(into: Mark(line: 1, column: 1)) { mark, byte in
      if byte == UInt8(ascii: "\n") {
        mark = Mark(line: mark.line + 1, column: 1)
      } else if byte & 0xC0 != 0x80 {
        mark = Mark(line: mark.line, column: mark.column + 1)
      }
    }
  }
}
