import LinuxSystem
import Synchronization

/// Ends an import from another task: what runs for it is killed, what comes next does not begin.
final class ImportCancellation: Sendable {
  private struct State {
    var isCancelled = false
    var running: [ObjectIdentifier: PidFD] = [:]
  }
  private let state = Mutex(State())

  func cancel() {
    let running = state.withLock { state in
      state.isCancelled = true
      return Array(state.running.values)
    }
    for process in running { try? process.signal(9) }
  }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func check() throws(ImageError) {
    if isCancelled { throw ImageError(.cancelled, "the import was cancelled") }
  }

  /// Kills the process when the import is cancelled, at once when it was.
  func add(_ process: PidFD) {
    let late = state.withLock { state in
      state.running[ObjectIdentifier(process)] = process
      return state.isCancelled
    }
    if late { try? process.signal(9) }
  }

  func remove(_ process: PidFD) { state.withLock { _ = $0.running.removeValue(forKey: ObjectIdentifier(process)) } }
}
