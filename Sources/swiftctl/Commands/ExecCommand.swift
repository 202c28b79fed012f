import ArgumentParser
import RuntimeAPI

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command in a running container.",
    discussion: "Prints its output when it has ended and exits with its code. Interactive exec needs the streaming server (later).")
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Accepted for crictl's sake: exec is always synchronous.") var sync = false
  @Option(name: .customLong("exec-timeout"), help: "Seconds after which the command is killed; 0: never.") var execTimeout: Int64 =
    0
  @Argument(help: "Container, by id or name.") var container: String
  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.") var command: [String]

  func run() async throws {
    let arguments = command.first == "--" ? Array(command.dropFirst()) : command
    guard !arguments.isEmpty else { throw Failure("exec needs a command", hint: "swiftctl exec \(container) ls /") }
    let runtime = try global.connect()
    let target = try await Lookup(runtime: runtime).container(container)
    let result = try await runtime.execSync(target.id, command: arguments, timeout: execTimeout)
    Terminal.write(result.stdout)
    Terminal.writeError(result.stderr)
    if result.stdout.count + result.stderr.count >= ExecResult.maximumBytes {
      Terminal.writeError("swiftctl: the output fills the 16 MiB of one answer: what came after that is missing\n")
    }
    if result.exitCode != 0 { throw ExitCode(result.exitCode) }
  }
}
