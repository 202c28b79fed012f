import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("CRI: what containers share", .timeLimit(.minutes(5)))
  struct CRINamespaceTests {
    static func namespace(_ name: String, of pid: String = "self") -> String {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(name)")) ?? ""
    }

    @Test("The pid namespace is the pod's, the container's own, or the node's", arguments: [NamespaceMode.pod, .container, .node])
    func pidModes(_ mode: NamespaceMode) async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("pid") { $0.securityContext.namespaces.pid = mode }
        let id = try await pod.stay("c") { $0.securityContext.namespaces.pid = mode }
        let other = try await pod.stay("d") { $0.securityContext.namespaces.pid = mode }
        let first = try await agent.exec(id, ["cat", "/proc/1/comm"]).output
        let own = try await agent.exec(id, ["readlink", "/proc/self/ns/pid"]).output
        let others = try await agent.exec(other, ["readlink", "/proc/self/ns/pid"]).output
        #expect(
          first == (mode == .pod ? "pause" : mode == .container ? "sleep" : HostState.text("/proc/1/comm").dropLast().description))
        #expect((own == others) == (mode != .container))
        #expect((own == Self.namespace("pid")) == (mode == .node))
      }
    }

    @Test("Containers of a pod share its network, host name and /dev/shm, and nothing of the host's")
    func shared() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("shared")
        let first = try await pod.stay("a")
        let second = try await pod.stay("b")
        for name in ["net", "ipc", "uts"] {
          let mine = try await agent.exec(first, ["readlink", "/proc/self/ns/\(name)"]).output
          #expect(try await agent.exec(second, ["readlink", "/proc/self/ns/\(name)"]).output == mine)
          #expect(mine != Self.namespace(name))
        }
        _ = try await agent.exec(first, ["sh", "-c", "echo hello > /dev/shm/greeting; echo x > /only-a"])
        #expect(try await agent.exec(second, ["cat", "/dev/shm/greeting"]).output == "hello")
        #expect(try await agent.exec(second, ["test", "-e", "/only-a"]).code == 1)
        #expect(!FileManager.default.fileExists(atPath: "/dev/shm/greeting"))
        #expect(try await agent.exec(first, ["hostname"]).output == "shared")
      }
    }

    @Test("A pod with the host's network is in it and has no address of its own")
    func hostNetwork() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("host") { $0.securityContext.namespaces.network = .node }
        let id = try await pod.stay("c") { $0.securityContext.namespaces.network = .node }
        #expect(try await agent.exec(id, ["readlink", "/proc/self/ns/net"]).output == Self.namespace("net"))
        #expect(try await agent.runtime.podSandboxStatus(pod.id, verbose: false).status.ip.isEmpty)
        let refused = await failure {
          _ = try await agent.sandbox("sysctl") { config in
            config.securityContext.namespaces.network = .node
            config.sysctls = ["net.ipv4.ip_forward": "1"]
          }
        }
        #expect(refused?.code == .invalidArgument)
      }
    }

    @Test("resolv.conf, host name and sysctls are what the pod asked for")
    func settings() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("settings") { config in
          config.hostname = "chosen"
          config.dns = DNSConfig(servers: ["10.9.8.7"], searches: ["a.example", "b.example"], options: ["ndots:3"])
          config.sysctls = ["net.ipv4.ip_unprivileged_port_start": "0", "kernel.shm_rmid_forced": "1"]
        }
        let id = try await pod.stay("c")
        let conf = try await agent.exec(id, ["cat", "/etc/resolv.conf"]).output
        #expect(conf == "search a.example b.example\nnameserver 10.9.8.7\noptions ndots:3")
        #expect(try await agent.exec(id, ["cat", "/etc/hostname"]).output == "chosen")
        #expect(try await agent.exec(id, ["hostname"]).output == "chosen")
        let values = try await agent.exec(
          id, ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start", "/proc/sys/kernel/shm_rmid_forced"])
        #expect(values.output == "0\n1")
      }
    }

    @Test("A host port answers on the host's address and on loopback, and belongs to one pod at a time")
    func hostPorts() async throws {
      try await AgentFixture.with(.init(images: ["web"], runtimeOnly: true)) { agent in
        let mapping = PortMapping(containerPort: 80, hostPort: 18_080)
        let first = try await agent.sandbox("first") { $0.portMappings = [mapping] }
        _ = try await first.start("web", image: "web")
        for address in ["127.0.0.1", agent.gateway] {
          let answers = await eventually { (try? await HostNetwork.get(address, 18_080))?.contains("200 OK") == true }
          #expect(answers, "no answer on \(address)")
        }
        let refused = await failure { _ = try await agent.sandbox("second") { $0.portMappings = [mapping] } }
        #expect(refused?.description.contains("18080") == true)
        try await first.remove()
        let second = try await agent.sandbox("second") { $0.portMappings = [mapping] }
        _ = try await second.start("web", image: "web")
        let answers = await eventually { (try? await HostNetwork.get("127.0.0.1", 18_080))?.contains("200 OK") == true }
        #expect(answers, "no answer from the second pod")
      }
    }
  }
}
