import ArgumentParser
import RuntimeAPI

struct AttachCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "Look at a running container's own output, and type its input.",
    discussion: """
      Shows what comes from now on, until the container ends; what came before is in its log. Leaving it does not end the container, but \
      for one that was made with stdinOnce when its input ends.
      """)
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "The container has a terminal: give it this one.") var tty = false
  @Flag(name: .shortAndLong, help: "Pass the standard input on, if the container was made with one.") var interactive = false
  @Option(help: "Keys that leave the container, such as ctrl-p,ctrl-q; empty: none.") var detachKeys = "ctrl-p,ctrl-q"
  @Argument(help: "Container, by id or name.") var container: String

  func run() async throws {
    let runtime = try global.connect()
    let target = try await Lookup(runtime: runtime).container(container)
    let streams = StreamChoice(stdin: interactive, stdout: true, stderr: !tty, tty: tty)
    let keys = try DetachKeys(detachKeys)
    let url = try await global.connectStreams().attach(AttachRequest(container: target.id, streams: streams))
    let session = StreamSession(tty: tty, interactive: interactive, detachKeys: tty && interactive ? keys : nil)
    if case .detached = try await session.run(url) { Terminal.writeError("\r\nleft; the container goes on\n") }
  }
}
