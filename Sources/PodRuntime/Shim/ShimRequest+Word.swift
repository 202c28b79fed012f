import ShimCore

extension ShimRequest {
  /// For messages.
  var word: String {
    switch self {
    case .hello: "hello"
    case .spawn: "spawn"
    case .start: "start"
    case .signal: "signal"
    case .reopenLog: "reopen log"
    case .list: "list"
    case .attach: "attach"
    case .resize: "resize"
    case .remove: "remove"
    case .namespaces: "namespaces"
    case .shutdown: "shutdown"
    }
  }
}
