import NIOCore
import Synchronization

/// What clients may ask for with a URL: each token is good for one connection, within a minute, and for its kind of session only.
final class Tokens: Sendable {
  /// Most that wait for their clients.
  static let maximumPending = 1000
  static let lifetime = Duration.seconds(60)

  enum Request: Sendable {
    case exec(ProcessRequest)
    case attach(ProcessRequest)
    case portForward(ForwardRequest)

    /// The first part of the path.
    var kind: String {
      switch self {
      case .exec: "exec"
      case .attach: "attach"
      case .portForward: "portforward"
      }
    }
  }

  private let pending = Mutex<[String: (request: Request, until: ContinuousClock.Instant)]>([:])

  /// - Returns: nil: too many wait.
  func add(_ request: Request, now: ContinuousClock.Instant = .now) -> String? {
    var generator = SystemRandomNumberGenerator()
    let token = Base64.encodeForURL((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    return pending.withLock { pending in
      if pending.count >= Self.maximumPending { pending = pending.filter { $0.value.until > now } }
      guard pending.count < Self.maximumPending else { return nil }
      pending[token] = (request, now + Self.lifetime)
      return token
    }
  }

  /// Takes the token: nobody can use it again, whatever becomes of this.
  func take(_ kind: String, _ token: String, now: ContinuousClock.Instant = .now) -> Request? {
    pending.withLock { pending in
      guard let found = pending[token], found.request.kind == kind else { return nil }
      pending[token] = nil
      return found.until > now ? found.request : nil
    }
  }
}
