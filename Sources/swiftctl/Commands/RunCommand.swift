import ArgumentParser
import LinuxSystem
import RuntimeAPI

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a local image in a pod of its own.",
    discussion:
      "Prints the container's id. With --rm it waits, prints the output, removes the pod with its log and exits with the container's code."
  )
  @OptionGroup var global: GlobalOptions
  @Option(help: "Pod and container name; made up from the image's when absent.") var name: String?
  @Option(help: "Namespace.") var namespace = "default"
  @Flag(help: "Wait for the end, print the output, remove the pod.") var rm = false
  @Flag(help: "Use the node's network.") var hostNetwork = false
  @Option(name: .shortAndLong, help: "NAME=VALUE; may be repeated.") var env: [String] = []
  @Option(name: .shortAndLong, help: "HOSTPORT:PORT[/udp]; may be repeated.") var publish: [String] = []
  @Option(help: "Directory for the log.") var logDirectory = "/var/log/swiftctl"
  @Argument(help: "Image, by tag, digest or id.") var image: String
  @Argument(parsing: .captureForPassthrough, help: "Command and arguments instead of the image's.") var command: [String] = []

  func run() async throws {
    let runtime = try global.connect()
    guard let (found, _) = try await runtime.imageStatus(image, verbose: false) else {
      throw Failure(
        "no image \(image) on this node", hint: "swiftctl image import ARCHIVE adds one; swiftctl images shows what there is")
    }
    let uid = Self.makeUID()
    let title = name ?? defaultName(uid)
    var sandbox = SandboxConfig(metadata: SandboxMetadata(name: title, uid: uid, namespace: namespace))
    sandbox.hostname = title
    sandbox.logDirectory = "\(logDirectory)/\(namespace)_\(title)_\(uid)"
    // Without the UID label: by that one a kubelet knows its own pods, and ends those that no manifest wants.
    sandbox.labels = [Lookup.podName: title, Lookup.podNamespace: namespace]
    sandbox.portMappings = try publish.map(Self.port)
    sandbox.securityContext.namespaces = NamespaceOption(network: hostNetwork ? .node : .pod, pid: .container)
    var container = ContainerConfig(
      metadata: ContainerMetadata(name: title), image: ImageSpec(image: found.id.rawValue, userSpecifiedImage: image))
    let arguments = command.first == "--" ? Array(command.dropFirst()) : command
    container.args = arguments
    container.environment = try env.map(Self.variable)
    container.labels = sandbox.labels.merging(["io.kubernetes.container.name": title]) { first, _ in first }
    container.logPath = "\(title).log"
    container.securityContext.namespaces = sandbox.securityContext.namespaces

    let pod = try await runtime.runPodSandbox(sandbox, handler: "")
    do {
      let id = try await runtime.createContainer(container, in: pod, sandboxConfig: sandbox)
      try await runtime.startContainer(id)
      guard rm else { return Terminal.write("\(id)\n") }
      let code = try await wait(id, runtime)
      try await runtime.removePodSandbox(pod)
      // Of this run alone (the UID is in its name), and read by now.
      try? removeTree(sandbox.logDirectory)
      if code != 0 { throw ExitCode(code) }
    } catch let error as RuntimeError {
      try? await runtime.removePodSandbox(pod)
      throw error
    }
  }

  private func wait(_ id: ContainerID, _ runtime: any ContainerRuntime) async throws -> Int32 {
    var status = try await runtime.containerStatus(id, verbose: false).status
    var reader = LogReader(path: status.logPath, since: nil, stream: nil, timestamps: false, limit: nil)
    try reader.printExisting(tail: nil)
    try await reader.follow { (try? await runtime.containerStatus(id, verbose: false).status.state) == .running }
    status = try await runtime.containerStatus(id, verbose: false).status
    return status.exitCode
  }

  /// 32 hexadecimal digits.
  static func makeUID() -> String {
    (0..<2).map { _ in
      let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  private func defaultName(_ uid: String) -> String {
    let base = image.split(separator: "/").last.map { String($0.prefix { $0 != ":" && $0 != "@" }) } ?? "container"
    let clean = base.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    return "\(clean.isEmpty ? "container" : clean)-\(uid.prefix(6))"
  }

  static func variable(_ text: String) throws -> EnvironmentVariable {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else { throw Failure("--env \(text) is not NAME=VALUE") }
    return EnvironmentVariable(name: parts[0], value: parts[1])
  }

  static func port(_ text: String) throws -> PortMapping {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let numbers = halves[0].split(separator: ":").compactMap { Int32($0) }
    let transports: [String: TransportProtocol] = ["tcp": .tcp, "udp": .udp, "sctp": .sctp]
    guard halves.count <= 2, numbers.count == 2, numbers.allSatisfy({ (1...65535).contains($0) }),
      let transport = transports[halves.count > 1 ? halves[1].lowercased() : "tcp"]
    else { throw Failure("--publish \(text) is not HOSTPORT:PORT or HOSTPORT:PORT/udp") }
    return PortMapping(transport: transport, containerPort: numbers[1], hostPort: numbers[0])
  }
}
