/// Why a client's bytes are not understood; the connection ends with it.
enum StreamProtocolError: Error, Equatable, CustomStringConvertible {
  case malformed(String)
  /// More than is taken from a client.
  case tooLarge(String)

  var description: String {
    switch self {
    case .malformed(let what): "malformed: \(what)"
    case .tooLarge(let what): "too large: \(what)"
    }
  }
}
