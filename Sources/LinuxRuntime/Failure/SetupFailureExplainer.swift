import LinuxSystem
public import ShimCore

/// Turns a failed set-up into a sentence for the person who wrote the pod: what was tried, on what, the kernel's answer, and what
/// usually is behind it.
public enum SetupFailureExplainer {
  /// - Parameters:
  ///   - program: the operations that ran; may be empty when they are not known any more.
  ///   - command: what the container was to run, for words only.
  public static func sentence(failure: SetupFailure, program: [SetupOperation], command: [String]) -> String {
    let context = Context(failure: failure, program: program, command: command)
    let activity: String
    let hint: String
    if failure.operation == .max {
      (activity, hint) = (shimActivity(context), shimHint(context))
    } else if let operation = context.operation, !context.isPreparation {
      (activity, hint) = (operation.activity(context), Self.hint(operation, context))
    } else {
      let step = "\(failure.call) \(failure.detail)".trimmed
      (activity, hint) = ("set up the container (step \(failure.operation), \(step))", preparationHint(context))
    }
    let reason = SystemCallError(call: failure.call, subject: failure.detail, code: failure.errno).reason
    let call = failure.call.isEmpty ? "" : "\(failure.call), "
    return printable("cannot \(activity): \(reason) (\(call)errno \(failure.errno))" + (hint.isEmpty ? "" : ": \(hint)"))
  }

  /// What a description may look at.
  struct Context {
    let failure: SetupFailure
    let program: [SetupOperation]
    let command: [String]

    var code: Int32 { failure.errno }
    var call: String { failure.call }
    var detail: String { failure.detail }
    var operation: SetupOperation? {
      let index = Int(failure.operation)
      return index < program.count ? program[index] : nil
    }
    /// The first operation is also blamed for what the interpreter does before it: its private procfs, the program's encoding.
    var isPreparation: Bool {
      guard failure.operation == 0 else { return false }
      if call == "decode" { return true }
      guard detail == "proc", ["fsopen", "fsconfig", "fsmount"].contains(call) else { return false }
      if case .fileSystem = operation { return false }
      return true
    }
    /// Joined by an operation, or made by clone3: then set-up goes on as its root, and the process's own id is set a second time.
    var hasUserNamespace: Bool {
      var changes = 0
      for operation in program {
        switch operation {
        case .joinNamespaces(_, let flags) where UInt64(flags) & Kernel.newUser != 0: return true
        case .userID: changes += 1
        default: break
        }
      }
      return changes > 1
    }
    var hasFilter: Bool { program.contains { if case .seccomp = $0 { true } else { false } } }
    /// The last of `program` that sets a user id: who runs the command.
    var user: UInt32? {
      for case .userID(let id) in program.reversed() { return id }
      return nil
    }
    /// The mount that `path` lies on, as far as the program mounted something there.
    func mount(of path: String) -> (target: String, attributes: UInt64)? {
      var best: (target: String, attributes: UInt64)?
      for operation in program {
        let candidate: (target: String, attributes: UInt64)
        switch operation {
        case .bind(let mount): candidate = (mount.target, mount.attributesSet)
        case .fileSystem(_, _, let target, let attributes, _): candidate = (target, attributes)
        default: continue
        }
        let inside =
          path == candidate.target || path.hasPrefix(candidate.target.hasSuffix("/") ? candidate.target : candidate.target + "/")
        // Later mounts cover earlier ones of the same place.
        if inside, candidate.target.utf8.count >= best?.target.utf8.count ?? 0 { best = candidate }
      }
      return best
    }
  }

  private static func preparationHint(_ context: Context) -> String {
    if context.call == "decode" { return "podshim does not understand this agent's program; was one of them updated alone?" }
    return context.code == Errno.notPermitted ? "the agent may not mount a procfs; it needs CAP_SYS_ADMIN" : ""
  }

  /// Names come from images and may hold anything; a sentence stays one line of a bounded length.
  private static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if result.unicodeScalars.count >= 2000 { return result + "..." }
      switch scalar {
      case "\r": result += "\\r"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        let control = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        if control { result += "\\u{\(String(scalar.value, radix: 16))}" } else { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }
}

/// Error numbers the hints tell apart. Source: asm-generic/errno-base.h, asm-generic/errno.h.
enum Failure {
  static let noMemory: Int32 = 12
  static let noDevice: Int32 = 19
  static let isDirectory: Int32 = 21
  static let tooManyFilesOfSystem: Int32 = 23
  static let tooManyFiles: Int32 = 24
  static let textBusy: Int32 = 26
  static let noSpace: Int32 = 28
  static let readOnlyFileSystem: Int32 = 30
  static let nameTooLong: Int32 = 36
  static let argumentsTooBig: Int32 = 7
  static let crossDevice: Int32 = 18
  static let badLibrary: Int32 = 80
  static let users: Int32 = 87
  static let unsupported: Int32 = 95
  static let overflow: Int32 = 75
  static let wrongUserQuota: Int32 = 122
}

extension String {
  fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}
