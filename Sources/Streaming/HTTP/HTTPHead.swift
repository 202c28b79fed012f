import NIOCore

/// The head of the one request a connection brings, or of its answer.
struct HTTPHead: Equatable {
  /// Most of a head, bytes; a client's certificate or token is not in it.
  static let maximumSize = 16384
  private static let maximumFields = 100

  /// Method, path and version; of an answer version, status and reason.
  var first: [String]
  private var fields: [(name: String, value: String)] = []

  init(_ first: [String], _ fields: [(name: String, value: String)] = []) {
    self.first = first
    self.fields = fields
  }

  static func == (left: HTTPHead, right: HTTPHead) -> Bool {
    left.first == right.first
      && left.fields.elementsEqual(right.fields) { $0.name.lowercased() == $1.name.lowercased() && $0.value == $1.value }
  }

  /// All values of a field in order, those in one line by commas too.
  func values(_ name: String) -> [String] {
    fields.filter { $0.name.lowercased() == name.lowercased() }
      .flatMap { $0.value.split(separator: ",").map { Self.trimmed($0) } }.filter { !$0.isEmpty }
  }

  func contains(_ name: String, _ value: String) -> Bool { values(name).contains { $0.lowercased() == value.lowercased() } }

  // MARK: Wire form

  var encoded: ByteBuffer {
    var text = first.joined(separator: " ") + "\r\n"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    return ByteBuffer(string: text + "\r\n")
  }

  /// Takes the head off the beginning of what came; nil: more is needed.
  static func read(from buffer: inout ByteBuffer) throws(StreamProtocolError) -> HTTPHead? {
    let view = buffer.readableBytesView
    guard let end = endOfHead(view.prefix(maximumSize)) else {
      guard view.count < maximumSize else { throw .tooLarge("the request's head") }
      return nil
    }
    let lines = view.prefix(end).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    buffer.moveReaderIndex(forwardBy: end)
    guard let line = lines.first, lines.count <= maximumFields else { throw .malformed("the request's head") }
    var head = HTTPHead(try text(line).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map { String($0) })
    guard head.first.count >= 2 else { throw .malformed("the request line") }
    for line in lines.dropFirst() {
      let line = try text(line)
      // No name, or one that goes on from the line before: both hide fields from somebody.
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex, !line[..<colon].contains(where: \.isWhitespace) else {
        if line.isEmpty { continue }
        throw .malformed("a field of the request's head")
      }
      head.fields.append((String(line[..<colon]), trimmed(line[line.index(after: colon)...])))
    }
    return head
  }

  /// Behind the empty line.
  private static func endOfHead(_ bytes: ByteBufferView) -> Int? {
    var index = bytes.startIndex
    while let newline = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[index..<newline]
      if newline > bytes.startIndex, line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) {
        return newline + 1 - bytes.startIndex
      }
      index = newline + 1
    }
    return nil
  }

  private static func text(_ line: ByteBufferView) throws(StreamProtocolError) -> String {
    var line = line
    if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
    guard !line.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { throw .malformed("the request's head") }
    return String(decoding: line, as: UTF8.self)
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return String(text)
  }
}
