#if DEBUG
  import Synchronization

  /// What goes wrong in the calls that a test makes with it, each thing once: the next try works.
  public final class FaultPlan: Sendable {
    private struct State {
      var steps: [FaultPoint: (moment: FaultMoment, code: CInt)] = [:]
      /// How many steps of taking back go well before the one that fails; nil: all.
      var undo: Int?
      var calls: [String: CallFault] = [:]
      var fired: [String] = []
    }
    private let state: Mutex<State>

    /// - Parameter undo: which step of taking back fails, counted from 0.
    public init(_ point: FaultPoint, _ moment: FaultMoment = .before, code: CInt = 5 /* EIO */, undo: Int? = nil) {
      state = Mutex(State(steps: [point: (moment, code)], undo: undo))
    }

    /// - Parameter word: the request that it happens to.
    public init(call word: String, _ fault: CallFault) { state = Mutex(State(calls: [word: fault])) }

    /// What has gone wrong. A test that made nothing go wrong shows nothing.
    public var fired: [String] { state.withLock { $0.fired } }

    public func check(_ point: FaultPoint, _ moment: FaultMoment) throws(SystemCallError) {
      try state.withLock { state throws(SystemCallError) in
        guard let (planned, code) = state.steps[point], planned == moment else { return }
        state.steps[point] = nil
        state.fired.append("\(point.rawValue) \(moment)")
        throw SystemCallError(call: "fault", subject: "\(point.rawValue) (\(moment))", code: code)
      }
    }

    public func checkUndo(_ what: String) throws(SystemCallError) {
      try state.withLock { state throws(SystemCallError) in
        guard let rest = state.undo else { return }
        state.undo = rest > 0 ? rest - 1 : nil
        guard rest == 0 else { return }
        state.fired.append("undo: \(what)")
        throw SystemCallError(call: "fault", subject: "undo of \(what)", code: 5)
      }
    }

    public func call(_ word: String) -> CallFault? {
      state.withLock { state in
        guard let fault = state.calls.removeValue(forKey: word) else { return nil }
        state.fired.append("\(word) \(fault)")
        return fault
      }
    }
  }
#endif
