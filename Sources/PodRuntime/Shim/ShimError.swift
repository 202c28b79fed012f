import LinuxRuntime
import RuntimeAPI
import ShimCore

/// Why a podshim call failed.
enum ShimError: Error, Equatable, Sendable, CustomStringConvertible {
  /// podshim has ended: nothing it knew will be told any more.
  case gone
  /// It runs, as far as anybody knows, but gave no answer in time; whether it did what was asked will show when it answers.
  case unanswered(String)
  /// The connection was broken before the request was sent: nothing was asked.
  case notSent
  /// The caller gave up.
  case cancelled
  /// The reply's descriptors did not fit into this process.
  case noDescriptors
  /// The request needs a newer podshim than the pod has.
  case tooOld(version: UInt16, needed: UInt16)
  /// The set-up program stopped.
  case setup(SetupFailure)
  case refused(errno: Int32, text: String)

  var description: String {
    switch self {
    case .gone: "podshim is gone"
    case .unanswered(let what): "podshim does not answer (\(what)): is it stopped, or does a disk or network volume hang?"
    case .notSent: "the connection to podshim is broken"
    case .cancelled: "the caller gave up"
    case .noDescriptors: "no file descriptors left in the agent: raise its limit (LimitNOFILE=)"
    case .tooOld(let version, let needed):
      "the pod's podshim speaks protocol \(version), this needs \(needed): make the pod anew to have it"
    case .setup(let failure): "\(failure.call) \(failure.detail): errno \(failure.errno) (operation \(failure.operation))"
    case .refused(let errno, let text): "podshim refused: \(text) (errno \(errno))"
    }
  }

  var code: RuntimeError.Code {
    switch self {
    case .gone, .noDescriptors, .notSent: .unavailable
    case .unanswered: .deadlineExceeded
    case .cancelled: .cancelled
    case .tooOld: .failedPrecondition
    case .setup, .refused: .unknown
    }
  }

  /// As the runtime's callers see it.
  func explained(_ program: [SetupOperation], _ command: [String]) -> RuntimeError {
    if case .setup(let failure) = self {
      return RuntimeError(.unknown, SetupFailureExplainer.sentence(failure: failure, program: program, command: command))
    }
    return RuntimeError(code, "\(self)")
  }

  /// podshim knows no such process, or it has ended: nothing is left to be done to it.
  var meansEnded: Bool {
    if case .refused(let errno, _) = self { errno == Errno.noEntry || errno == Errno.noProcess } else { false }
  }
}
