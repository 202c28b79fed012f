import ArgumentParser
import CRIService
import KubeModel
import LinuxSystem
import Logging

/// The agent: a kubelet and a container runtime in one process.
@main
struct Swiftlet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftlet",
    abstract: "A Kubernetes node agent: runs pods from manifest files, and serves the Container Runtime Interface.",
    // Without the sub-command that is for `make docs`.
    usage: "swiftlet <options>",
    discussion: """
      Settings come from the defaults, then from --config, then from flags. Flags keep the kubelet's names where it has one. Several \
      agents run on one node when --root-dir, --state-dir, --pod-manifest-path, --bridge, --pod-cidr, --cgroup-root and --healthz-port differ.

      SIGTERM and SIGINT stop the agent and leave its pods running, unless --stop-pods-on-exit is given.
      """,
    version: "swiftlet \(release) (Kubernetes 1.36)", subcommands: [FieldsCommand.self])
  static let release = "0.1.0"

  @Option(
    help: """
      KubeletConfiguration file (kubelet.config.k8s.io/v1beta1, YAML or JSON), or RuntimeConfiguration with --runtime-only; an unknown \
      field is an error.
      """) var config: String?
  @Option(help: "What survives a reboot: images, volumes, records.") var rootDir = "/var/lib/swiftlet"
  @Option(help: "What a reboot clears: sockets and state of podshims.") var stateDir = "/run/swiftlet"
  @Option(help: "File or directory with static pod manifests (staticPodPath).") var podManifestPath: String?
  @Option(help: "Addresses for pods, e.g. 10.88.0.0/24 or 10.88.0.0/24,fd00:88::/64 (podCIDR).") var podCidr: String?
  @Option(help: "The node's name instead of the host name.") var hostnameOverride: String?
  @Option(help: "Port of the kubelet's authenticated server; accepted for the kubelet's sake, the server comes later.") var port:
    Int?
  @Option(help: "Unauthenticated port with /pods and /healthz; 0: off (readOnlyPort).") var readOnlyPort: Int?
  @Option(
    help: """
      Where the read-only port listens (address); default 127.0.0.1. Pods reach every other address of the node, and /pods shows all specs.
      """) var address: String?
  @Option(help: "Port of /healthz on the loopback address; 0: off (healthzPort).") var healthzPort: Int?
  @Option(help: "Drive another CRI runtime, e.g. unix:///run/containerd/containerd.sock, instead of the built-in one.")
  var containerRuntimeEndpoint: String?
  @Option(name: .customShort("v"), help: "Log verbosity: 0 notices, 2 steps, 4 debug, 6 trace.") var verbosity = 2

  @Option(help: "Socket of the Container Runtime Interface; default <state-dir>/swiftlet.sock.") var criSocket: String?
  @Option(help: "Group, by name or number, whose members may use that socket too; they can do what root can. Default: root alone.")
  var criSocketGroup: String?
  @Option(help: "Where exec, attach and port-forward are served; who has a URL of theirs needs no other permission.")
  var streamingAddress = "127.0.0.1"
  @Option(help: "Port of that server; 0: a free one, as the runtime's clients are told it in each URL.") var streamingPort = 0
  @Option(help: "Certificate chain (PEM) of that server, for https URLs; with --streaming-tls-private-key-file.")
  var streamingTlsCertFile: String?
  @Option(help: "Private key (PEM) of that certificate.") var streamingTlsPrivateKeyFile: String?
  @Option(help: "Name of the pod bridge, at most 15 characters; tables and links are named after it.") var bridge = "swl0"
  @Option(help: "Pod networks kept ready for pods to come, at most 64; 0: each is made when its pod comes.") var preparedNetworks =
    4
  @Flag(
    inversion: .prefixedNo,
    help: "In a pod's own network nobody needs a privilege for ports below 1024 and ICMP echo; without: as the kernel has it.")
  var unprivilegedPorts = true
  @Option(
    help: """
      Who gives pods their network: cni (plugins, as --cni-conf-dir says), bridge (the built-in one), or auto: cni when there is a \
      configuration, else bridge.
      """) var podNetwork = "auto"
  @Option(help: "Directory of CNI network configurations; the first good one by name counts, at once.")
  var cniConfDir = "/etc/cni/net.d"
  @Option(help: "Directories of CNI plugins, with commas or colons between.") var cniBinDir = "/opt/cni/bin,/usr/lib/cni"
  @Option(help: "cgroup v2 path below which everything is made, but for pods whose CRI client names their parent (cgroupRoot).")
  var cgroupRoot: String?
  @Option(help: "Directory for pod logs (podLogsDir).") var podLogsDir: String?
  @Option(help: "Directory of image archives imported at start and pinned; default <root-dir>/images.") var imageDir: String?
  @Option(help: "Directory with a hosts.toml for each registry, as containerd's certs.d: mirrors, certificates, plain HTTP.")
  var registryHosts = "/etc/swiftlet/certs.d"
  @Option(help: "Credentials for registries, a config.json as Docker's; default <root-dir>/config.json.")
  var registryCredentials: String?
  @Option(help: "Seconds after which a pull without progress ends.") var imagePullProgressDeadline = 60
  @Option(help: "The podshim program; default: beside swiftlet, or ../libexec/swiftlet/podshim.") var podshim: String?
  @Option(help: "The unpacker program; default: beside swiftlet, or ../libexec/swiftlet/unpacker.") var unpacker: String?
  @Option(help: "Directories with files of the Container Device Interface, with commas between; a later one wins.")
  var cdiSpecDirs = "/etc/cdi,/var/run/cdi"
  @Flag(help: "Serve only the CRI: no manifests, no kubelet.") var runtimeOnly = false
  @Flag(help: "At SIGTERM stop every pod first, and remove the bridge.") var stopPodsOnExit = false

  /// Not an async main: the main queue would start libdispatch, which never sleeps again.
  func run() throws {
    try SignalStream.unblockAll()
    ProcessMemory.configure()
    CooperativeThreads.install()
    // The file of a runtime says how much is logged, too.
    let (command, kubelet) = try withRuntimeConfiguration(Array(CommandLine.arguments.dropFirst()))
    LoggingSystem.bootstrap { [level = command.level] label in
      var handler = StreamLogHandler.standardError(label: label, metadataProvider: CRIServer.callMetadata)
      handler.logLevel = level
      return handler
    }
    let settings = try command.settings(kubelet)
    let logger = Logger(label: "swiftlet")
    let isGood = Monitored<Bool?>(nil)
    let agent = Agent(settings: settings, logger: logger)
    Task {
      do {
        try await agent.run()
        isGood.broadcast { $0 = true }
      } catch {
        logger.critical("swiftlet stops", metadata: ["error": "\(error)"])
        isGood.broadcast { $0 = false }
      }
    }
    if isGood.wait({ $0 }) != true { throw ExitCode(1) }
  }

  private var level: Logger.Level {
    switch verbosity {
    case ..<1: .notice
    case 1...3: .info
    case 4...5: .debug
    default: .trace
    }
  }

  /// The flags as they are when those in the file of `--config` stand before them, and what that file says besides; itself when the file
  /// is a kubelet's.
  /// - Parameter arguments: what this was parsed from.
  func withRuntimeConfiguration(_ arguments: [String]) throws -> (command: Swiftlet, kubelet: KubeletConfiguration) {
    guard let config, case let bytes = try Self.read(config), RuntimeConfiguration.isOne(bytes) ?? runtimeOnly else {
      return (self, KubeletConfiguration())
    }
    guard runtimeOnly else {
      throw ValidationError("--config \(config) is a \(RuntimeConfiguration.kind): it goes with --runtime-only")
    }
    let file = try RuntimeConfiguration(bytes, file: config)
    var command = try Self.parse(file.arguments + arguments)
    command.config = nil
    return (command, file.kubelet)
  }

  private static func read(_ config: String) throws -> [UInt8] {
    do throws(SystemCallError) { return try readRegularFile(config, limit: 1 << 20) } catch {
      throw ValidationError("cannot read --config \(config): \(error.reason)")
    }
  }

  /// Defaults < config file < flags.
  func settings(_ defaults: KubeletConfiguration = KubeletConfiguration()) throws -> AgentSettings {
    var kubelet = defaults
    if let config {
      let bytes = try Self.read(config)
      kubelet = try KubeletConfiguration.decode(bytes, file: config)
      let ignored = ConfigurationSupport.ignored(in: bytes)
      if !ignored.isEmpty {
        Logger(label: "swiftlet").notice(
          "Configuration fields without effect", metadata: ["file": "\(config)", "fields": "\(ignored.joined(separator: " "))"])
      }
    }
    if let podManifestPath { kubelet.staticPodPath = podManifestPath }
    if kubelet.staticPodPath.isEmpty { kubelet.staticPodPath = "/etc/kubernetes/manifests" }
    if let podCidr { kubelet.podCIDR = podCidr }
    if kubelet.podCIDR.isEmpty { kubelet.podCIDR = "10.88.0.0/16" }
    if let readOnlyPort { kubelet.readOnlyPort = readOnlyPort }
    if let healthzPort { kubelet.healthzPort = healthzPort }
    if let cgroupRoot { kubelet.cgroupRoot = cgroupRoot }
    if let podLogsDir { kubelet.podLogsDir = podLogsDir }
    if let port { kubelet.port = port }
    let socket = absolute(criSocket ?? "\(stateDir)/swiftlet.sock")
    return AgentSettings(
      kubelet: kubelet, rootDirectory: absolute(rootDir), stateDirectory: absolute(stateDir),
      criSocket: socket, criSocketGroup: try socketGroup(socket), bridge: bridge,
      preparedNetworks: preparedNetworks, unprivilegedPorts: unprivilegedPorts, podNetwork: try podNetworkChoice(),
      cniConfigurations: absolute(cniConfDir), cniPlugins: cniBinDir.split { ",:".contains($0) }.map { absolute(String($0)) },
      nodeName: hostnameOverride,
      runtimeEndpoint: containerRuntimeEndpoint, imageDirectory: absolute(imageDir ?? "\(rootDir)/images"),
      registryHosts: absolute(registryHosts), registryCredentials: absolute(registryCredentials ?? "\(rootDir)/config.json"),
      cdiDirectories: cdiSpecDirs.split(separator: ",").map { absolute(String($0)) },
      pullProgressDeadline: max(1, imagePullProgressDeadline),
      podshimPath: try podshim ?? builtIn("podshim"), unpackerPath: try unpacker ?? builtIn("unpacker"), runtimeOnly: runtimeOnly,
      stopPodsOnExit: stopPodsOnExit,
      streaming: .init(address: streamingAddress, port: try streamingPortNumber(), certificate: try streamingCertificate()),
      // The kubelet's default is every address, and nobody wrote that.
      readOnlyAddress: address ?? (kubelet.address == "0.0.0.0" ? "127.0.0.1" : kubelet.address))
  }

  private func podNetworkChoice() throws -> AgentSettings.PodNetworkChoice {
    guard let choice = AgentSettings.PodNetworkChoice(rawValue: podNetwork) else {
      throw ValidationError("--pod-network \(podNetwork): auto, bridge or cni")
    }
    return choice
  }

  private func streamingPortNumber() throws -> Int {
    guard (0...65535).contains(streamingPort) else { throw ValidationError("--streaming-port \(streamingPort): 0...65535") }
    return streamingPort
  }

  private func streamingCertificate() throws -> (chain: String, key: String)? {
    switch (streamingTlsCertFile, streamingTlsPrivateKeyFile) {
    case (nil, nil): return nil
    case (let chain?, let key?): return (chain, key)
    default: throw ValidationError("--streaming-tls-cert-file and --streaming-tls-private-key-file need each other")
    }
  }

  private func socketGroup(_ socket: String) throws -> UInt32? {
    guard let criSocketGroup else { return nil }
    guard !socket.hasPrefix(absolute(stateDir) + "/") else {
      throw ValidationError(
        "--cri-socket-group \(criSocketGroup): nobody but root can reach \(socket), as \(stateDir) is root's: name a place with --cri-socket"
      )
    }
    let id: UInt32?
    do throws(SystemCallError) { id = try HostGroup.id(of: criSocketGroup) } catch {
      throw ValidationError("--cri-socket-group \(criSocketGroup): cannot read /etc/group: \(error.reason)")
    }
    guard let id else { throw ValidationError("--cri-socket-group \(criSocketGroup): no such group in /etc/group") }
    return id
  }

  /// Without `.` and `..`, as they are written: links are not followed.
  private func absolute(_ path: String) -> String {
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : currentDirectory() + "/" + path).split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// Another runtime needs no programs of ours.
  private func builtIn(_ program: String) throws -> String { containerRuntimeEndpoint == nil ? try Self.find(program) : "" }

  /// Beside this program (a build directory), or where `make install` puts it.
  private static func find(_ program: String) throws -> String {
    let own = (try? HostFiles.linkTarget("/proc/self/exe")) ?? "/"
    let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
    let candidates = ["\(directory)/\(program)", "\(directory)/../libexec/swiftlet/\(program)"]
    for candidate in candidates where isExecutable(candidate) { return candidate }
    throw ValidationError("\(program) not found (looked for \(candidates.joined(separator: ", "))): name it with --\(program)")
  }
}
