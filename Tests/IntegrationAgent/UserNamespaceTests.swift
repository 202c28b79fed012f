import AgentSupport
import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("CRI: user namespaces", .timeLimit(.minutes(5)))
  struct UserNamespaceTests {
    private static let first: UInt32 = 196_608
    private static let users = UserNamespaceOption(
      mode: .pod, uids: [IDMappingValue(hostID: first, containerID: 0, length: 65536)],
      gids: [IDMappingValue(hostID: first, containerID: 0, length: 65536)])

    private static func sandbox(
      _ agent: AgentFixture, _ name: String, _ change: (inout SandboxConfig) -> Void = { _ in }
    ) async throws -> TestSandbox {
      try await agent.sandbox(name) { config in
        config.securityContext.namespaces.user = users
        change(&config)
      }
    }

    private static func stay(
      _ pod: TestSandbox, _ name: String, _ change: (inout ContainerConfig) -> Void = { _ in }
    ) async throws -> ContainerID {
      try await pod.stay(name) { config in
        config.securityContext.namespaces = pod.config.securityContext.namespaces
        change(&config)
      }
    }

    private static func owner(_ path: String) -> UInt32? {
      var status = stat()
      return unsafe lstat(path, &status) == 0 ? status.st_uid : nil
    }

    @Test(
      "Root of a pod is nobody on the host: in its files, its processes and its namespaces",
      arguments: [NamespaceMode.pod, .container])
    func root(_ pid: NamespaceMode) async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await Self.sandbox(agent, "mapped") { config in
          config.securityContext.namespaces.pid = pid
          config.sysctls = ["net.ipv4.ip_unprivileged_port_start": "77", "kernel.shm_rmid_forced": "1"]
        }
        let id = try await Self.stay(pod, "c") { config in
          config.securityContext.capabilities.add = ["NET_ADMIN", "SYS_ADMIN"]
          // The default profile forbids mounts to everybody.
          config.securityContext.appArmor = SecurityProfile(type: .unconfined)
          config.stdin = true
        }
        func shell(_ script: String) async throws -> String {
          try await agent.exec(id, ["sh", "-c", "exec 2>&1; \(script)"]).output
        }
        let map = try await shell(
          "cat /proc/1/uid_map /proc/self/gid_map | tr -s ' '; id -u; stat -c %u:%g / /bin/busybox /dev/null")
        #expect(map == " 0 196608 65536\n 0 196608 65536\n0\n0:0\n0:0\n65534:65534")
        // What it writes is its own, on the disk the host sees; a set-user-id program of its root is none of the host's.
        _ = try await shell("cp /bin/busybox /mine; chmod 4755 /mine; chown 5:6 /bin/busybox; echo x > /dev/shm/x")
        let upper = "\(agent.root)/containers/\(id)/upper"
        #expect(Self.owner("\(upper)/mine") == Self.first && Self.owner("\(upper)/bin/busybox") == Self.first + 5)
        #expect(Self.owner(upper) == Self.first)
        let process = try #require(
          HostState.pids().first { HostState.commandLine($0).contains("100000") && Self.owner("/proc/\($0)") == Self.first })
        #expect(HostState.text("/proc/\(process)/status").contains("Uid:\t\(Self.first)"))
        // Its namespaces are its own to configure.
        let own = try await shell(
          """
          cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced
          ifconfig eth0:1 10.9.9.9 && echo network; ls /sys/class/net | tr '\\n' ' '
          mkdir /m; mount -t tmpfs x /m && echo mounted; hostname other; hostname
          echo out > /dev/stdout; grep ' /sys ' /proc/mounts
          mknod /n c 1 3 || echo no-node; cat /dev/null && head -c 2 /dev/zero | wc -c
          echo 1 > /proc/sys/vm/overcommit_memory || echo no-host-setting
          """)
        for text in [
          "77\n1\n", "network\n", "eth0 lo", "mounted\n", "\nother\n", "\nout\n", " /sys sysfs ro,", "no-node", "\n2\n",
          "no-host-setting",
        ] {
          #expect(own.contains(text), "\(text) is missing in \(own)")
        }
        let status = try await agent.runtime.podSandboxStatus(pod.id, verbose: false).status
        #expect(status.namespaces.user == Self.users && !status.ip.isEmpty)
        #expect(try await agent.runtime.containerStats(id).memory != nil)
        // A later agent runs commands there, too, and makes containers.
        try await agent.restart()
        #expect(try await shell("id -u; tr -s ' ' < /proc/self/uid_map") == "0\n 0 196608 65536")
        let second = try await Self.stay(pod, "second") { $0.securityContext.runAsUser = 1000 }
        #expect(try await agent.exec(second, ["sh", "-c", "id -u; cat /dev/shm/x"]).output == "1000\nx")
        try await pod.remove()
        #expect(try await agent.leaks().isEmpty)
      }
    }

    @Test(
      "Volumes are shown by the mappings of their mounts, images and the sandbox's files as well; what cannot be mapped is refused")
    func volumes() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await Self.sandbox(agent, "volumes")
        let volume = "\(agent.base)/volume"
        try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
        try "host".write(toFile: "\(volume)/of-root", atomically: false, encoding: .utf8)
        let id = try await Self.stay(pod, "c") { config in
          config.mounts = [
            Mount(containerPath: "/mapped", hostPath: volume, uidMappings: Self.users.uids, gidMappings: Self.users.gids),
            Mount(containerPath: "/plain", hostPath: volume),
            Mount(containerPath: "/image", readOnly: true, image: ImageSpec(image: "localhost/payload:latest")),
          ]
          config.devices = [Device(containerPath: "/dev/mine", hostPath: "/dev/zero", permissions: "rw")]
        }
        let seen = try await agent.exec(
          id,
          [
            "sh", "-c",
            """
            exec 2>&1
            stat -c %u /mapped/of-root /plain/of-root /image/payload /etc/hosts /etc/resolv.conf
            echo new > /mapped/new; touch /plain/new 2>/dev/null || echo foreign; head -c 3 /dev/mine | wc -c; /image/payload hostname
            """,
          ])
        #expect(seen.output.split(separator: "\n") == ["0", "65534", "0", "0", "0", "foreign", "3", "volumes"])
        #expect(Self.owner("\(volume)/new") == 0)
        let error = await #expect(throws: RuntimeError.self) {
          try await pod.create("sysfs", image: "busybox") { config in
            config.securityContext.namespaces.user = Self.users
            config.mounts = [
              Mount(containerPath: "/v", hostPath: "/sys/kernel", uidMappings: Self.users.uids, gidMappings: Self.users.gids)
            ]
          }
        }
        #expect(
          error?.code == .failedPrecondition && error?.message.contains("/sys/kernel") == true, "\(String(describing: error))")
      }
    }

    @Test("A pod of the host's network has a user namespace, too, and reads the host's /sys")
    func hostNetwork() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await Self.sandbox(agent, "host") { $0.securityContext.namespaces.network = .node }
        let id = try await Self.stay(pod, "c")
        let output = try await agent.exec(
          id, ["sh", "-c", "ls /sys/class/net; mkdir /sys/fs/cgroup/x 2>/dev/null || echo no; tr -s ' ' < /proc/self/uid_map"])
        #expect(output.output.contains("lo\n") && output.output.hasSuffix("no\n 0 196608 65536"), "\(output.output)")
      }
    }

    @Test("What the CRI rules out is refused, and the status says what can be had")
    func refused() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let status = try await agent.runtime.status(verbose: false)
        #expect(status.handlers.allSatisfy(\.userNamespaces) && status.userNamespacesHostNetwork)
        let one = IDMappingValue(hostID: 100_000, containerID: 0, length: 1000)
        let other = IDMappingValue(hostID: 200_000, containerID: 1000, length: 1000)
        let options = [
          UserNamespaceOption(mode: .pod), UserNamespaceOption(mode: .pod, uids: [one, other], gids: [one]),
          UserNamespaceOption(mode: .pod, uids: [other], gids: [one]), UserNamespaceOption(mode: .pod, uids: [one], gids: [other]),
          UserNamespaceOption(mode: .pod, uids: [IDMappingValue(hostID: 1, containerID: 0, length: 0)], gids: [one]),
          UserNamespaceOption(mode: .pod, uids: [IDMappingValue(hostID: 0, containerID: 0, length: 9)], gids: [one]),
          UserNamespaceOption(mode: .pod, uids: [IDMappingValue(hostID: .max, containerID: 0, length: 2)], gids: [one]),
          UserNamespaceOption(mode: .container, uids: [one], gids: [one]),
          UserNamespaceOption(mode: .target, uids: [one], gids: [one]),
          UserNamespaceOption(mode: .node, uids: [one]),
        ]
        for option in options {
          let error = await #expect(throws: RuntimeError.self) {
            try await agent.sandbox("refused") { $0.securityContext.namespaces.user = option }
          }
          #expect(error?.code == .invalidArgument && error?.message.contains("userns_options") == true, "\(option)")
        }
        let pod = try await Self.sandbox(agent, "pod")
        let error = await #expect(throws: RuntimeError.self) { try await pod.create("c", image: "busybox") }
        #expect(error?.code == .invalidArgument && error?.message.contains("userns_options") == true)
        let plain = try await agent.sandbox("plain") { $0.securityContext.namespaces.user = UserNamespaceOption(mode: .node) }
        _ = try await plain.stay("c")
      }
    }
  }
}
