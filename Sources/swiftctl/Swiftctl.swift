import ArgumentParser
import CRIClient
import RuntimeAPI
import Streaming

/// `swiftctl`: pods, containers and images of a node, for people.
@main
struct Swiftctl: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftctl",
    abstract: "Pods, containers and images of this node.",
    discussion: """
      Talks to a container runtime over its CRI socket: Swiftlet's, or another one's. Objects are named by id, beginning of an id or name.

      The endpoint is the first that is set of --runtime-endpoint, CONTAINER_RUNTIME_ENDPOINT, runtime-endpoint in /etc/crictl.yaml, \
      and unix:///run/swiftlet/swiftlet.sock.

      Shell completion: swiftctl --generate-completion-script bash|zsh|fish.
      """,
    version: "0.1.0",
    subcommands: [
      PodsCommand.self, PsCommand.self, ImagesCommand.self, InspectCommand.self, InspectpCommand.self, InspectiCommand.self,
      LogsCommand.self, ExecCommand.self, AttachCommand.self, PortForwardCommand.self, CopyCommand.self, DebugCommand.self,
      RunCommand.self, StartCommand.self, UpdateCommand.self, StopCommand.self, RmCommand.self, StoppCommand.self, RmpCommand.self,
      RmiCommand.self, PullCommand.self, ImageCommand.self, GarbageCommand.self, StatsCommand.self, StatspCommand.self,
      TopCommand.self, ImagefsinfoCommand.self, InfoCommand.self, RuntimeConfigCommand.self, VersionCommand.self,
      EventsCommand.self, TraceCommand.self, DoctorCommand.self, BenchCommand.self, CompletionCommand.self,
    ])

  static func main() async {
    let arguments = GlobalArguments.moveBehindCommand(Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      Terminal.writeError("swiftctl: \(failure.message)\n")
      if let hint = failure.hint { Terminal.writeError("hint: \(hint)\n") }
      exit(withError: ExitCode(failure.exitCode))
    } catch let error as StreamingError {
      Terminal.writeError("swiftctl: \(error)\n")
      exit(withError: ExitCode(1))
    } catch let error as RuntimeError {
      Terminal.writeError("swiftctl: \(error)\n")
      if let hint = Failure.hint(for: error) { Terminal.writeError("hint: \(hint)\n") }
      exit(withError: ExitCode(1))
    } catch {
      exit(withError: error)
    }
  }
}

/// An error of the tool itself: what went wrong and what to try.
struct Failure: Error {
  let message: String
  var hint: String?
  var exitCode: Int32 = 1

  init(_ message: String, hint: String? = nil, exitCode: Int32 = 1) {
    self.message = message
    self.hint = hint
    self.exitCode = exitCode
  }

  /// What to try after an error of the runtime.
  static func hint(for error: RuntimeError) -> String? {
    switch error.code {
    case .unavailable:
      "is swiftlet running? try: systemctl status swiftlet; or name its socket with --runtime-endpoint unix:///path"
    case .permissionDenied: "the socket is for root, and for its group where it has one: try sudo"
    case .deadlineExceeded: "give it more time with --timeout SECONDS, a command of exec with --exec-timeout SECONDS"
    case .unimplemented: "this runtime does not offer the call; swiftctl version shows which one answers"
    default: nil
    }
  }
}

/// Options that every command takes; they may also stand before the command's name, as with crictl.
struct GlobalOptions: ParsableArguments {
  @Option(name: [.customShort("r"), .long], help: "CRI socket, unix:///path. Default: see swiftctl --help.")
  var runtimeEndpoint: String?

  @Option(name: .long, help: "Seconds to wait for an answer; default: timeout in /etc/crictl.yaml, else 30.")
  var timeout: Double?

  func validate() throws {
    guard timeout.map({ $0 > 0 && $0 <= 1_000_000 }) ?? true else {
      throw ValidationError("--timeout is a number of seconds above 0, at most 1000000")
    }
  }

  func connect() throws -> any ContainerRuntime {
    RemoteRuntime(socketPath: try endpoint(), timeout: try patience())
  }

  func connectStreams() throws -> any StreamingEndpoints {
    RemoteRuntime(socketPath: try endpoint(), timeout: try patience())
  }

  func connectNode() throws -> any NodeOperations {
    NodeClient(socketPath: try endpoint(), timeout: try patience())
  }

  func patience() throws -> Duration { .milliseconds(Int64(try Endpoint.timeout(flag: timeout) * 1000)) }

  func endpoint() throws -> String { try Endpoint.choose(flag: runtimeEndpoint) }
}

/// Moves `--runtime-endpoint X` and `--timeout X` from before the command's name to behind it, where the parser takes them.
enum GlobalArguments {
  private static let valued: Set<String> = ["-r", "--runtime-endpoint", "--timeout"]

  static func moveBehindCommand(_ arguments: [String]) -> [String] {
    var globals: [String] = []
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      if valued.contains(argument), index + 1 < arguments.count {
        globals += arguments[index...index + 1]
        index += 2
      } else if valued.contains(where: { argument.hasPrefix($0 + "=") }) {
        globals.append(argument)
        index += 1
      } else {
        break
      }
    }
    guard !globals.isEmpty, index < arguments.count else { return arguments }
    var rest = Array(arguments[index...])
    let depth = rest.first == "image" && rest.count > 1 ? 2 : 1
    rest.insert(contentsOf: globals, at: depth)
    return rest
  }
}
