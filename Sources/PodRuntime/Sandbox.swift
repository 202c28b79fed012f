import LinuxSystem
import RuntimeAPI
import Synchronization

/// A sandbox in memory: its record, its podshim, and the gate that serialises what is done to it.
final class Sandbox: Sendable {
  let id: SandboxID
  let gate = Gate()
  private let state: Mutex<(record: SandboxRecord, shim: ShimConnection?, namespace: SharedDescriptor?)>

  init(_ record: SandboxRecord) {
    id = record.id
    state = Mutex((record, nil, nil))
  }

  var record: SandboxRecord { state.withLock { $0.record } }
  var shim: ShimConnection? {
    get { state.withLock { $0.shim } }
    set { state.withLock { $0.shim = newValue } }
  }
  /// The network namespace; holding it keeps it alive after pause has died, until StopPodSandbox.
  var namespace: SharedDescriptor? {
    get { state.withLock { $0.namespace } }
    set { state.withLock { $0.namespace = newValue } }
  }
  func update(_ change: (inout SandboxRecord) -> Void) -> SandboxRecord {
    state.withLock { state in
      change(&state.record)
      return state.record
    }
  }
}

/// A container in memory.
final class Container: Sendable {
  let id: ContainerID
  let sandboxID: SandboxID
  let gate = Gate()
  /// Opens when the container's first process has ended (or never will start).
  let exited: Latch
  private let state: Mutex<ContainerRecord>
  private let stopping = Mutex(false)

  init(_ record: ContainerRecord) {
    id = record.id
    sandboxID = record.sandboxID
    exited = Latch(open: record.phase == .exited || record.phase == .unknown)
    state = Mutex(record)
  }

  var record: ContainerRecord { state.withLock { $0 } }

  /// True for the first caller only: a second stop must not send the stop signal again.
  func beginStop() -> Bool {
    stopping.withLock { stopping in
      defer { stopping = true }
      return !stopping
    }
  }

  func update(_ change: (inout ContainerRecord) -> Void) -> ContainerRecord {
    state.withLock { record in
      change(&record)
      return record
    }
  }
}
