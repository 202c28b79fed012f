import ArgumentParser
import RuntimeAPI

struct DebugCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "debug", abstract: "Run a container beside a running one: with its processes, in its pod.",
    discussion: """
      For containers without a shell: another image's tools, in the pod's network and IPC, with the processes of the container in sight \
      (/proc/1/root is its file system). The container is removed when the session ends. \
      What it says before the session has begun is not shown.
      """)
  @OptionGroup var global: GlobalOptions
  @Option(help: "Image with the tools; it must be here.") var image: String
  @Flag(name: .shortAndLong, help: "Give it this terminal.") var tty = false
  @Flag(name: .shortAndLong, help: "Give it the standard input.") var interactive = false
  @Flag(help: "With every capability.") var privileged = false
  @Argument(help: "Container, by id or name.") var container: String
  @Argument(parsing: .captureForPassthrough, help: "Command instead of the image's.") var command: [String] = []

  func run() async throws {
    let runtime = try global.connect()
    let target = try await Lookup(runtime: runtime).container(container)
    guard target.state == .running else { throw Failure("container \(container) does not run") }
    guard let (found, _) = try await runtime.imageStatus(image, verbose: false) else {
      throw Failure("no image \(image) on this node", hint: "swiftctl pull \(image)")
    }
    let pod = try await runtime.podSandboxStatus(target.sandboxID, verbose: false).status
    let config = configuration(target, image: found.id.rawValue)
    let sandbox = SandboxConfig(metadata: pod.metadata, labels: pod.labels, annotations: pod.annotations)
    let id = try await runtime.createContainer(config, in: target.sandboxID, sandboxConfig: sandbox)
    let result: Swift.Result<Int32, any Error>
    do { result = .success(try await session(id, runtime)) } catch { result = .failure(error) }
    try await runtime.removeContainer(id)
    let code = try result.get()
    if code != 0 { throw ExitCode(code) }
  }

  private func configuration(_ target: ContainerSummary, image: String) -> ContainerConfig {
    var config = ContainerConfig(
      metadata: ContainerMetadata(name: "debug-\(RunCommand.makeUID().prefix(6))"),
      image: ImageSpec(image: image, userSpecifiedImage: self.image))
    config.args = command.first == "--" ? Array(command.dropFirst()) : command
    (config.stdin, config.stdinOnce, config.tty) = (interactive, interactive, tty)
    config.securityContext.namespaces = NamespaceOption(pid: .target, targetID: target.id.rawValue)
    config.securityContext.privileged = privileged
    return config
  }

  /// A container that runs can be attached to, not one that is to: what it says in the first moment is not seen.
  private func session(_ id: ContainerID, _ runtime: any ContainerRuntime) async throws -> Int32 {
    try await runtime.startContainer(id)
    let streams = StreamChoice(stdin: interactive, stdout: true, stderr: !tty, tty: tty)
    do {
      let url = try await global.connectStreams().attach(AttachRequest(container: id, streams: streams))
      _ = try await StreamSession(tty: tty, interactive: interactive).run(url)
    } catch let error as RuntimeError where error.code == .failedPrecondition {
      // It has ended already.
    }
    return try await runtime.containerStatus(id, verbose: false).status.exitCode
  }
}
