import AgentSupport
import CRIClient
import Foundation
import KubeModel
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  /// One agent for all of them: they run beside each other, as on a node.
  @Suite("Example pods of the documentation", .timeLimit(.minutes(5)))
  struct ExamplePodTests {
    @Test("Behave as their pages say") func examples() async throws {
      try await AgentFixture.with(PodFeatureTests.options) { agent in
        for example in ExamplePods.all {
          var manifest = example.manifest.replacing("$base", with: agent.base)
          // Programs that do not know SIGTERM as process 1 would make the end of the test wait for the usual 30 s.
          if !manifest.contains("terminationGracePeriodSeconds") {
            manifest = manifest.replacing("\nspec:\n", with: "\nspec:\n  terminationGracePeriodSeconds: 1\n", maxReplacements: 1)
          }
          try agent.writeManifest("\(example.name).yaml", manifest)
        }
        for (example, check) in Self.checks {
          do { try await check(agent) } catch { Issue.record("\(example): \(error)") }
        }
        #expect(Set(Self.checks.map(\.0)) == Set(ExamplePods.all.map(\.name)), "each has its check")
      }
    }

    private typealias Check = @Sendable (AgentFixture) async throws -> Void
    private static let checks: [(String, Check)] = [
      ("init-demo", initialization), ("two-containers", sharedVolume), ("command-demo", command), ("dependent-envars", dependent),
      ("liveness-exec", { try await restarted($0, "liveness-exec") }),
      ("liveness-http", { try await restarted($0, "liveness-http") }),
      ("readiness-tcp", readiness), ("lifecycle-demo", lifecycle), ("downward-api", downward), ("security-context", identity),
      ("capabilities", capabilities), ("non-root", nonRoot), ("share-process-namespace", sharedProcesses),
      ("termination-demo", termination), ("sidecar", sidecar), ("names", names), ("volumes", volumes),
    ]

    @Sendable private static func initialization(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("init-demo", "running") { $0.isRunning }
      #expect(try await agent.shell("init-demo", "web", "wget -q -O - http://127.0.0.1:8080/") == "made before")
      let conditions = Dictionary((pod.status.conditions ?? []).map { ($0.type, $0.status) }) { $1 }
      #expect(conditions["Initialized"] == "True")
      #expect(pod.status(of: "install")?.state?.terminated?.reason == "Completed")
    }

    @Sendable private static func sharedVolume(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("two-containers", "writer ended") { $0.status(of: "writer")?.state?.terminated != nil }
      #expect(pod.status.phase == "Running" && pod.status(of: "reader")?.state?.running != nil)
      #expect(try await agent.shell("two-containers", "reader", "cat /usr/share/index.html") == "Hello from the writer")
    }

    @Sendable private static func command(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("command-demo", "succeeded") { $0.status.phase == "Succeeded" }
      #expect(try await log(agent, "command-demo", "c") == "hello world $(NOT_THERE) $(MESSAGE)")
    }

    @Sendable private static func dependent(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("dependent-envars", "running") { $0.isRunning }
      let text = try await agent.shell("dependent-envars", "c", "echo $UNCHANGED_REFERENCE $SERVICE_ADDRESS $ESCAPED_REFERENCE")
      #expect(text == "$(PROTOCOL):// https://172.17.0.1 $(PROTOCOL)://")
    }

    private static func restarted(_ agent: AgentFixture, _ name: String) async throws {
      let pod = try await agent.waitForPod(name, "restarted", seconds: 40) { pod in
        pod.status(of: "c").map { $0.restartCount >= 1 && $0.state?.running != nil } == true
      }
      #expect(
        pod.status(of: "c")?.lastState?.terminated?.exitCode == 137 || pod.status(of: "c")?.lastState?.terminated?.exitCode == 143)
      var events: [NodeEvent] = []
      for try await event in try await agent.node.events(after: 0, follow: false) where event.name.hasPrefix(name) {
        events.append(event)
      }
      #expect(events.contains { $0.reason == "Unhealthy" && $0.message.hasPrefix("Liveness probe failed") })
      #expect(events.contains { $0.reason == "Killing" })
    }

    @Sendable private static func readiness(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("readiness-tcp", "running") { $0.isRunning }
      #expect(pod.status(of: "c")?.ready == false && pod.status.conditions?.first { $0.type == "Ready" }?.status == "False")
      _ = try await agent.shell("readiness-tcp", "c", "touch /go")
      let ready = try await agent.waitForPod("readiness-tcp", "ready") { $0.status(of: "c")?.ready == true }
      #expect(ready.status.conditions?.first { $0.type == "Ready" }?.status == "True" && ready.status(of: "c")?.restartCount == 0)
    }

    @Sendable private static func lifecycle(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("lifecycle-demo", "running") { $0.isRunning }
      let file = "\(agent.base)/lifecycle/message"
      #expect(HostState.text(file) == "Hello from the postStart handler\n")
      try agent.removeManifest("lifecycle-demo.yaml")
      try await agent.waitUntilGone("lifecycle-demo")
      #expect(HostState.text(file) == "Hello from the postStart handler\nBye from the preStop handler\n")
    }

    @Sendable private static func downward(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("downward-api", "running") { $0.isRunning }
      let text = try await agent.shell(
        "downward-api", "c",
        "echo $MY_NODE_NAME $MY_POD_NAMESPACE \"[$MY_POD_SERVICE_ACCOUNT]\" $MY_CPU_REQUEST $MY_MEM_REQUEST; cat /etc/podinfo/labels; echo; "
          + "grep builder /etc/podinfo/annotations; cat /all/info/cpu; echo; stat -L -c %a /all/info/cpu; readlink /etc/podinfo/labels"
      )
      #expect(
        text.split(separator: "\n").map(String.init) == [
          "\(agent.nodeName) default [] 125 33554432", "cluster=\"test-cluster1\"", "zone=\"us-est-coast\"", "builder=\"john-doe\"",
          "125",
          "444", "..data/labels",
        ], "\(text)")
    }

    @Sendable private static func identity(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("security-context", "running") { $0.isRunning }
      // Groups 29 and 44 are those of this user in the image: supplementalGroupsPolicy Merge.
      let text = try await agent.shell(
        "security-context", "c",
        "id -u; id -g; id -G; cd /data/demo; echo hello > testfile; stat -c %u:%g testfile; stat -c %g /data/demo; "
          + "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status; stat -c %u:%g /proc/1")
      #expect(
        text.split(separator: "\n").map { $0.replacing("\t", with: " ") } == [
          "1000", "3000", "3000 29 44 2000 4000", "1000:2000", "2000", "NoNewPrivs: 1", "Seccomp: 2", "1000:3000",
        ], "\(text)")
      let other = try await agent.shell(
        "security-context", "overrides", "id -u; touch /x 2>&1; grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status")
      #expect(
        other.split(separator: "\n").map { $0.replacing("\t", with: " ") } == [
          "2000", "touch: /x: Read-only file system", "NoNewPrivs: 0", "Seccomp: 0",
        ], "\(other)")
    }

    @Sendable private static func capabilities(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("capabilities", "running") { $0.isRunning }
      func permitted(_ container: String) async throws -> UInt64 {
        let text = try await agent.shell("capabilities", container, "grep CapPrm /proc/1/status | cut -f 2")
        return UInt64(text, radix: 16) ?? 0
      }
      let (plain, added) = (try await permitted("plain"), try await permitted("added"))
      // The page's own numbers: CAP_NET_ADMIN is bit 12, CAP_SYS_TIME bit 25.
      #expect(plain == 0x0000_0000_a804_25fb && added == 0x0000_0000_aa04_35fb)
    }

    @Sendable private static func nonRoot(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("non-root", "refused") { pod in
        pod.status(of: "c")?.state?.waiting?.reason == "CreateContainerConfigError"
      }
      #expect(pod.status(of: "c")?.state?.waiting?.message?.contains("runAsNonRoot") == true, "\(pod.status.text)")
      #expect(try await agent.containers("non-root").isEmpty)
    }

    @Sendable private static func sharedProcesses(_ agent: AgentFixture) async throws {
      try await agent.waitForPod("share-process-namespace", "running") { $0.isRunning }
      let text = try await agent.shell("share-process-namespace", "shell", "cat /proc/1/comm; ps -o args; tty < /dev/console")
      let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(lines.first == "pause" || lines.first == "podshim", "\(text)")
      #expect(lines.contains("httpd -f -p 8080") && lines.contains("sleep 1000"), "\(text)")
      #expect(lines.last == "/dev/console" || lines.last?.hasPrefix("/dev/pts/") == true, "\(text)")
    }

    @Sendable private static func termination(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("termination-demo", "failed") { $0.status.phase == "Failed" }
      #expect(pod.status(of: "file")?.state?.terminated?.message == "Sleep expired\n")
      #expect(pod.status(of: "log")?.state?.terminated?.message == "last words\n")
      #expect(pod.status(of: "log")?.state?.terminated?.exitCode == 7)
    }

    @Sendable private static func sidecar(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("sidecar", "succeeded") { $0.status.phase == "Succeeded" }
      #expect(pod.status(of: "job")?.state?.terminated?.exitCode == 0)
      #expect(pod.status(of: "logshipper")?.state?.terminated != nil)
      #expect(try await log(agent, "sidecar", "logshipper") == "logging")
    }

    @Sendable private static func names(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("names", "running") { $0.isRunning }
      let address = try #require(pod.status.podIP)
      let text = try await agent.shell("names", "c", "hostname; cat /etc/hosts; echo --; cat /etc/resolv.conf")
      let lines = text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
      #expect(lines.first == "busybox-1", "\(text)")
      for line in ["127.0.0.1 foo.local bar.local", "10.1.2.3 foo.remote", "127.0.0.1 localhost"] {
        #expect(lines.contains(line), "\(line) in \(text)")
      }
      #expect(lines.contains { $0.hasPrefix("\(address) ") && $0.hasSuffix("busybox-1") }, "\(text)")
      #expect(
        lines.suffix(3) == ["nameserver 192.0.2.1", "search ns1.svc.cluster-domain.example", "options ndots:2 edns0"]
          || Set(lines.suffix(3)) == ["nameserver 192.0.2.1", "search ns1.svc.cluster-domain.example", "options ndots:2 edns0"],
        "\(text)")
    }

    @Sendable private static func volumes(_ agent: AgentFixture) async throws {
      let pod = try await agent.waitForPod("volumes", "running") { $0.isRunning }
      let text = try await agent.shell(
        "volumes", "c",
        "grep ' /cache ' /proc/mounts | cut -d ' ' -f 3; df -k /cache | tail -n 1 | awk '{ print $2 }'; echo x > /html/index.html; "
          + "echo y > /logs/out; ls /site; cat /site/html/index.html; touch /site/z 2>&1; cat /proc/sys/kernel/shm_rmid_forced")
      #expect(
        text.split(separator: "\n").map(String.init) == [
          "tmpfs", "4096", "html", pod.metadata.name ?? "", "x", "touch: /site/z: Read-only file system", "1",
        ], "\(text)")
    }

    private static func log(_ agent: AgentFixture, _ pod: String, _ container: String) async throws -> String {
      let id = try #require(try await agent.containers(pod, container).last?.id, "container \(container) of \(pod)")
      let path = try await agent.runtime.containerStatus(id, verbose: false).status.logPath
      return ContainerLog(path).text
    }
  }
}
