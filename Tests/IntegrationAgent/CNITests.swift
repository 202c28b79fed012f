import AgentSupport
import CRIClient
import Foundation
import Glibc
import KubeModel
import RuntimeAPI
import TestSupport
import Testing

/// Pods whose network programs make: Debian's plugins (package containernetworking-plugins), and scripts where one has to fail.
@Suite("Pods with a CNI network", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct CNITests {
  private static let plugins = "/usr/lib/cni"

  private static func with(
    runtimeOnly: Bool = true, arguments: [String] = [], conflist: ((AgentFixture) -> String)?,
    _ body: (AgentFixture) async throws -> Void
  ) async throws {
    try #require(FileManager.default.isExecutableFile(atPath: "\(plugins)/portmap"), "no \(plugins)/portmap: make deps")
    var options = AgentFixture.Options(images: ["busybox", "web"], runtimeOnly: runtimeOnly)
    options.arguments = ["--cni-bin-dir", plugins] + arguments
    try await AgentFixture.with(options) { agent in
      defer { HostNetwork.removeLink(bridge(agent)) }
      if let conflist { try write(agent, "10-net.conflist", conflist(agent)) }
      try await body(agent)
      try? FileManager.default.removeItem(atPath: "/tmp/\(bridge(agent))")
    }
  }

  /// In one step, as a careful writer does.
  private static func write(_ agent: AgentFixture, _ name: String, _ text: String) throws {
    try FileManager.default.createDirectory(atPath: agent.networks, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(agent.networks)/\(name)"), options: .atomic)
  }

  private static func bridge(_ agent: AgentFixture) -> String { "cni\(getpid() % 100_000)n\(agent.number)" }
  private static func leases(_ agent: AgentFixture) -> [String] {
    let directory = "/tmp/\(bridge(agent))/net"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.contains(".") || $0.contains(":") }.filter { !$0.contains("last_reserved") }.sorted()
  }

  /// disableCheck: portmap 1.1.1 looks for rules of the other family, too.
  private static func debian(_ agent: AgentFixture) -> String {
    """
    {"cniVersion": "1.0.0", "name": "net", "disableCheck": true, "plugins": [
      {"type": "bridge", "bridge": "\(bridge(agent))", "isGateway": true, "ipMasq": false, "hairpinMode": true,
       "ipam": {"type": "host-local", "dataDir": "/tmp/\(bridge(agent))",
         "ranges": [[{"subnet": "10.222.\(agent.number % 250).0/24"}], [{"subnet": "fd22:\(agent.number)::/64"}]],
         "routes": [{"dst": "0.0.0.0/0"}]}},
      {"type": "portmap", "capabilities": {"portMappings": true}}
    ]}
    """
  }

  private static func addresses(_ pod: TestSandbox) async throws -> [String] {
    let status = try await pod.agent.runtime.podSandboxStatus(pod.id, verbose: false).status
    return [status.ip] + status.additionalIPs
  }

  private static func networkReady(_ agent: AgentFixture) async throws -> RuntimeCondition? {
    try await agent.runtime.status(verbose: false).conditions.first { $0.type == "NetworkReady" }
  }

  @Test("have addresses of both families, loopback, host ports, and give all back; the bridge is never made")
  func debianPlugins() async throws {
    try await Self.with(conflist: nil) { agent in
      // The agent that is there already sees the file.
      try Self.write(agent, "10-net.conflist", Self.debian(agent))
      let ready = try await Self.networkReady(agent)
      #expect(ready?.status == true, "\(ready?.message ?? "")")
      let pod = try await agent.sandbox("cni") { config in
        config.portMappings = [PortMapping(containerPort: 80, hostPort: 18_222)]
      }
      let addresses = try await Self.addresses(pod)
      #expect(addresses.count == 2 && addresses[0].hasPrefix("10.222.") && addresses[1].hasPrefix("fd22:"), "\(addresses)")
      #expect(Self.leases(agent) == addresses.sorted())
      _ = try await pod.start("web", image: "web")
      let id = try await pod.stay("look")
      let shown = try await agent.exec(id, ["sh", "-c", "ip addr; cat /proc/sys/net/ipv4/ip_unprivileged_port_start"]).output
      #expect(shown.contains(addresses[0]) && shown.contains(addresses[1]) && shown.contains("LOOPBACK,UP"), "\(shown)")
      #expect(shown.hasSuffix("\n0"))
      for (host, port) in [("127.0.0.1", 18_222), (addresses[0], 80)] {
        #expect(
          await eventually { (try? await HostNetwork.get(host, port))?.contains("Hello from a pod") == true }, "\(host):\(port)")
      }
      let stats = try await agent.runtime.podSandboxStats(pod.id)
      #expect(stats.interfaces.first?.name == "eth0" && (stats.interfaces.first?.rxBytes ?? 0) > 0)
      let leaks = try await agent.leaks()
      #expect(leaks.isEmpty, "\(leaks)")
      let info = try await agent.runtime.status(verbose: true).info
      #expect(info["lastCNILoadStatus"] == "OK" && info["cniconfig"]?.contains("10-net.conflist") == true)
      try await agent.runtime.stopPodSandbox(pod.id)
      #expect(Self.leases(agent).isEmpty)
      try await agent.runtime.stopPodSandbox(pod.id)
      try await pod.remove()
    }
  }

  @Test("have host ports of ours where no plugin makes them, through a restart of the agent and until the pod goes")
  func ownHostPorts() async throws {
    try await Self.with(conflist: {
      Self.debian($0).replacingOccurrences(of: ",\n  {\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}", with: "")
        .replacingOccurrences(of: "\"disableCheck\": true, ", with: "")
    }) { agent in
      let pod = try await agent.sandbox("cni") { $0.portMappings = [PortMapping(containerPort: 80, hostPort: 18_224)] }
      _ = try await pod.start("web", image: "web")
      let id = try await pod.stay("look")
      func answers() async -> Bool {
        await eventually { (try? await HostNetwork.get("127.0.0.1", 18_224))?.contains("Hello from a pod") == true }
      }
      #expect(await answers())
      // The pod itself, through the address of the bridge.
      let hairpin = "wget -q -O - http://10.222.\(agent.number % 250).1:18224/"
      #expect(try await agent.exec(id, ["sh", "-c", hairpin]).output.contains("Hello from a pod"))
      let taken = await #expect(throws: RuntimeError.self) {
        try await agent.sandbox("second") { $0.portMappings = [PortMapping(containerPort: 80, hostPort: 18_224)] }
      }
      #expect("\(taken as Any)".contains("host port 18224/TCP is taken by pod sandbox"))
      try await agent.restart()
      #expect(await answers())
      // Doctor asks the plugins.
      let healthy = try await agent.leaks()
      #expect(healthy.isEmpty, "\(healthy)")
      let nsenter = Process()
      nsenter.executableURL = URL(fileURLWithPath: "/usr/bin/nsenter")
      nsenter.arguments = ["--net=\(agent.state)/netns/\(pod.id)", "busybox", "ip", "address", "flush", "dev", "eth0"]
      try nsenter.run()
      nsenter.waitUntilExit()
      #expect(try await agent.node.leaks().contains { $0.kind == "network" && $0.problem.contains("plugin bridge (CHECK)") })
      try await pod.remove()
      #expect((try? await HostNetwork.get("127.0.0.1", 18_224)) == nil)
    }
  }

  @Test("keep it when the agent is killed, and are taken back with the configuration that made them, though that is gone")
  func restart() async throws {
    try await Self.with(conflist: Self.debian) { agent in
      let pod = try await agent.sandbox("cni")
      let addresses = try await Self.addresses(pod)
      try FileManager.default.removeItem(atPath: "\(agent.networks)/10-net.conflist")
      try await agent.restart()
      #expect(try await Self.addresses(pod) == addresses && Self.leases(agent) == addresses.sorted())
      let id = try await pod.stay("c")
      #expect(try await agent.exec(id, ["ip", "addr"]).output.contains(addresses[0]))
      // Without a configuration pods that come have the built-in network.
      let other = try await agent.sandbox("built-in")
      #expect(try await Self.addresses(other)[0].hasPrefix(agent.gateway.dropLast(1)))
      try await pod.remove()
      #expect(Self.leases(agent).isEmpty)
      try await other.remove()
    }
  }

  @Test("of which the agent died while they were made are given back at its next start")
  func halfMade() async throws {
    try await Self.with(conflist: Self.debian) { agent in
      let record = try await agent.sandbox("cni")
      let addresses = try await Self.addresses(record)
      // What an agent leaves that dies after the ADD: a record and a name, and no sandbox.
      let stray = String(repeating: "f", count: record.id.rawValue.count)
      let text = try String(contentsOfFile: "\(agent.root)/cni/\(record.id)", encoding: .utf8)
      try await agent.kill()
      let half = text.replacingOccurrences(of: record.id.rawValue, with: stray).replacingOccurrences(
        of: "\"result\"", with: "\"r\"")
      try Data(half.utf8).write(to: URL(fileURLWithPath: "\(agent.root)/cni/\(stray)"))
      let leases = "/tmp/\(Self.bridge(agent))/net"
      try Data("\(stray)\r\neth0".utf8).write(to: URL(fileURLWithPath: "\(leases)/10.222.\(agent.number % 250).77"))
      try await agent.start()
      #expect(await eventually { Self.leases(agent) == addresses.sorted() }, "\(Self.leases(agent))")
      #expect(try await agent.leaks().isEmpty)
      try await record.remove()
    }
  }

  @Test("are not ready while plugins or configurations are not, with the reason tools know")
  func notReady() async throws {
    try await Self.with(arguments: ["--pod-network", "cni"], conflist: nil) { agent in
      func expect(_ words: String) async throws {
        let condition = try await Self.networkReady(agent)
        #expect(condition?.status == false && condition?.reason == "NetworkPluginNotReady")
        #expect(condition?.message.hasPrefix("Network plugin returns error: ") == true)
        #expect(condition?.message.contains(words) == true, "\(condition?.message ?? "")")
      }
      try await expect("cni plugin not initialized: no network config found in \(agent.networks)")
      await #expect(throws: RuntimeError.self) { try await agent.sandbox("none") }
      try Self.write(agent, "10-net.conflist", "{\n\"name\": net\n}")
      try await expect("10-net.conflist: line 2, column 9: 'null' is expected")
      try Self.write(agent, "10-net.conflist", #"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"no-such"}]}"#)
      try await expect("plugin no-such is not in /usr/lib/cni")
      try Self.write(agent, "10-net.conflist", #"{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"bridge"}]}"#)
      try await expect("plugin bridge does not know CNI 1.1.0 of network n")
      let failed = await #expect(throws: RuntimeError.self) { try await agent.sandbox("refused") }
      #expect(
        failed?.message.contains("network n: plugin bridge") == true || "\(failed as Any)".contains("plugin bridge"),
        "\(failed as Any)")
    }
  }

  @Test("that a plugin refuses leave nothing, and the plugin's words are the error; DEL is tried until it succeeds")
  func refused() async throws {
    try await Self.with(conflist: Self.debian) { agent in
      let text = Self.debian(agent).replacingOccurrences(
        of: #"{"type": "portmap""#, with: #"{"type": "bandwidth", "capabilities": {"bandwidth": true}}, {"type": "portmap""#)
      try Self.write(agent, "10-net.conflist", text)
      let error = await #expect(throws: RuntimeError.self) {
        try await agent.sandbox("fast") { $0.annotations["kubernetes.io/ingress-bandwidth"] = "fast" }
      }
      #expect("\(error as Any)".contains("no quantity of bits a second"))
      #expect(Self.leases(agent).isEmpty)
      // The second plugin fails: what the first made is taken back.
      try Self.write(
        agent, "10-net.conflist",
        Self.debian(agent).replacingOccurrences(
          of: #"{"type": "portmap""#, with: #"{"type": "tuning", "sysctl": {"net.ipv4.no_such_thing": "1"}}, {"type": "portmap""#))
      let refused = await #expect(throws: RuntimeError.self) {
        try await agent.sandbox("refused") { $0.portMappings = [PortMapping(containerPort: 80, hostPort: 18_223)] }
      }
      #expect("\(refused as Any)".contains("network net: plugin tuning (ADD) failed: "), "\(refused as Any)")
      #expect(Self.leases(agent).isEmpty)
    }
  }

  @Test("are also those of manifests")
  func manifest() async throws {
    try await Self.with(runtimeOnly: false, conflist: Self.debian) { agent in
      try agent.writeManifest(
        "web.yaml",
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
            - {name: c, image: localhost/busybox:latest, imagePullPolicy: Never, command: [sleep, "100000"]}
        """)
      let pod = try await agent.waitForPod("web", "runs with an address") { $0.isRunning && $0.status.podIP != nil }
      #expect(pod.status.podIP?.hasPrefix("10.222.") == true && pod.status.podIPs?.count == 2)
      try agent.removeManifest("web.yaml")
      try await agent.waitUntilGone("web")
      #expect(await eventually { Self.leases(agent).isEmpty })
    }
  }
}
