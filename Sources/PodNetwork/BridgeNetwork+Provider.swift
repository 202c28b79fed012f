import LinuxSystem
import Synchronization

/// Each call on a thread that may block.
extension BridgeNetwork: PodNetworkProvider {
  public func attach(_ request: AttachRequest) async throws(PodNetworkError) -> PodNetworkAttachment {
    let answer = FirstAnswer<PodNetworkAttachment>()
    // It does not end with the caller: what is made late is taken back.
    let making = Task {
      let result = await runBlocking {
        Result { () throws(PodNetworkError) in
          try self.attach(owner: request.owner, portMappings: request.portMappings, namespace: request.namespace)
        }
      }
      if !answer.give(result), case .success = result { await runBlocking { self.takeBack(owner: request.owner) } }
    }
    let timer = Alarm.call(after: request.limit) {
      making.cancel()
      _ = answer.give(
        .failure(
          PodNetworkError(.timedOut, "no network for \(request.owner) within \(request.limit); it is taken back when it comes")))
    }
    defer { Alarm.forget(timer) }
    return try await answer.wait().get()
  }

  public func detach(owner: String) async throws(PodNetworkError) {
    try await runBlocking { () throws(PodNetworkError) in try self.detach(owner: owner) }
  }

  public func reconcile(liveOwners: Set<String>) async throws(PodNetworkError) -> NetworkReport {
    try await runBlocking { () throws(PodNetworkError) in try self.reconcile(liveOwners: liveOwners) }
  }

  public func check() async throws(PodNetworkError) {
    try await runBlocking { () throws(PodNetworkError) in try self.check() }
  }

  public func statistics(owner: String) async throws(PodNetworkError) -> InterfaceStatistics? {
    try await runBlocking { () throws(PodNetworkError) in try self.statistics(owner: owner) }
  }
}

/// The first of several answers, for one who waits.
private final class FirstAnswer<Value: Sendable>: Sendable {
  typealias Answer = Result<Value, PodNetworkError>
  private struct State {
    var answer: Answer?
    var waiting: CheckedContinuation<Answer, Never>?
  }
  private let state = Mutex(State())

  /// Whether this one was the first.
  func give(_ answer: Answer) -> Bool {
    let (isFirst, waiting) = state.withLock { state in
      guard state.answer == nil else { return (false, CheckedContinuation<Answer, Never>?.none) }
      state.answer = answer
      defer { state.waiting = nil }
      return (true, state.waiting)
    }
    waiting?.resume(returning: answer)
    return isFirst
  }

  func wait() async -> Answer {
    await withCheckedContinuation { continuation in
      let answer = state.withLock { state in
        if state.answer == nil { state.waiting = continuation }
        return state.answer
      }
      if let answer { continuation.resume(returning: answer) }
    }
  }
}
