import ArgumentParser
import RuntimeAPI

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command in a running container.",
    discussion: """
      Passes its output on as it comes, with -i the input too, and exits with its code. With -t it has a terminal: this one, with its size \
      and every key. When swiftctl ends first, the command hears of it as from a terminal that is closed.
      """)
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Give it this terminal.") var tty = false
  @Flag(name: .shortAndLong, help: "Give it the standard input.") var interactive = false
  @Flag(name: .shortAndLong, help: "Wait for the end, then print the output: of a call that needs no streaming server.") var sync =
    false
  @Option(name: .customLong("exec-timeout"), help: "Seconds after which the command is killed, 0: never; with --sync.")
  var execTimeout: Int64 = 0
  @Argument(help: "Container, by id or name.") var container: String
  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.") var command: [String]

  func run() async throws {
    let arguments = command.first == "--" ? Array(command.dropFirst()) : command
    guard !arguments.isEmpty else { throw Failure("exec needs a command", hint: "swiftctl exec \(container) ls /") }
    let runtime = try global.connect()
    let target = try await Lookup(runtime: runtime).container(container)
    if sync || execTimeout != 0 {
      guard !tty, !interactive else {
        throw Failure("--sync and --exec-timeout give no terminal and no input", hint: "leave them out")
      }
      return try await runAtOnce(arguments, target.id, runtime)
    }
    let streams = StreamChoice(stdin: interactive, stdout: true, stderr: !tty, tty: tty)
    let url: String
    do {
      url = try await global.connectStreams().exec(ExecRequest(container: target.id, command: arguments, streams: streams))
    } catch let error as RuntimeError where error.code == .unimplemented && !tty && !interactive {
      return try await runAtOnce(arguments, target.id, runtime)
    }
    if case .exited(let code) = try await StreamSession(tty: tty, interactive: interactive).run(url), code != 0 {
      throw ExitCode(code)
    }
  }

  private func runAtOnce(_ arguments: [String], _ id: ContainerID, _ runtime: any ContainerRuntime) async throws {
    let result = try await runtime.execSync(id, command: arguments, timeout: execTimeout)
    Terminal.write(result.stdout)
    Terminal.writeError(result.stderr)
    if result.exitCode != 0 { throw ExitCode(result.exitCode) }
  }
}
