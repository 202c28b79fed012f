import AgentSupport
import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("CRI: what containers may do", .timeLimit(.minutes(5)))
  struct CRISecurityTests {
    @Test("Users and groups are the container's")
    func users() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("users")
        let ended = try await pod.run("c", ["ids"]) { config in
          config.securityContext.runAsUser = 1234
          config.securityContext.runAsGroup = 3000
          config.securityContext.supplementalGroups = [2000, 2001]
        }
        let lines = ended.text.split(separator: "\n")
        #expect(lines.first == "uid 1234 1234 1234")
        #expect(lines.dropFirst().first == "gid 3000 3000 3000")
        #expect(Set(lines.last?.split(separator: " ").dropFirst() ?? []) == ["2000", "2001", "3000"])
        let merged = try await pod.shell("app", "id -un; id -Gn") { $0.securityContext.runAsUser = 1000 }
        #expect(merged.text.hasPrefix("app\n") && merged.text.contains("audio") && merged.text.contains("video"))
        let strict = try await pod.shell("strict", "id -Gn") { config in
          config.securityContext.runAsUser = 1000
          config.securityContext.supplementalGroupsPolicy = .strict
        }
        #expect(!strict.text.contains("audio"))
      }
    }

    @Test("Capabilities, seccomp and no_new_privs are what was asked for")
    func privileges() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("caps")
        let none = try await pod.run("none", ["caps"]) { $0.securityContext.capabilities.drop = ["ALL"] }
        let sets = none.text.split(separator: "\n").filter { $0.hasPrefix("Cap") }
        #expect(sets.count == 5 && sets.allSatisfy { $0.hasSuffix("0000000000000000") }, "\(none.text)")
        let one = try await pod.run("one", ["caps"]) { config in
          config.securityContext.capabilities.drop = ["ALL"]
          config.securityContext.capabilities.add = ["NET_ADMIN"]
        }
        #expect(one.text.contains("CapEff") && one.text.contains("0000000000001000"))

        let filtered = try await pod.run("filtered", ["security"]) { config in
          config.securityContext.seccomp = SecurityProfile(type: .runtimeDefault)
          config.securityContext.noNewPrivileges = true
        }
        #expect(Self.value("Seccomp", filtered.text) == "2" && Self.value("NoNewPrivs", filtered.text) == "1")
        let free = try await pod.run("free", ["security"]) { $0.securityContext.seccomp = SecurityProfile(type: .unconfined) }
        #expect(Self.value("Seccomp", free.text) == "0" && Self.value("NoNewPrivs", free.text) == "0")
        let refused = try await pod.run("refused", ["syscall", "keyctl"]) {
          $0.securityContext.seccomp = SecurityProfile(type: .runtimeDefault)
        }
        #expect(refused.text.contains("EPERM"))
      }
    }

    #if arch(x86_64)
      @Test("A 32-bit program makes sockets of the families the default profile allows, and none behind its back")
      func sockets32() async throws {
        try await AgentFixture.with(CRILifecycleTests.options) { agent in
          let pod = try await agent.sandbox("i386")
          let calls = [
            ("socket", 2, "ok"), ("socket", 38, "EPERM"), ("socket", 40, "EPERM"), ("socketcall", 2, "EPERM"),
            ("socketcall", 40, "EPERM"),
          ]
          for (index, (call, family, expected)) in calls.enumerated() {
            let ended = try await pod.run("s\(index)", ["socket32", call, "\(family)"]) {
              $0.securityContext.seccomp = SecurityProfile(type: .runtimeDefault)
            }
            #expect(ended.text == expected, "\(call) \(family)")
          }
          let free = try await pod.run("free", ["socket32", "socketcall", "2"]) {
            $0.securityContext.seccomp = SecurityProfile(type: .unconfined)
          }
          #expect(free.text == "ok")
        }
      }
    #endif

    /// The value behind `key` in lines of /proc/PID/status.
    static func value(_ key: String, _ text: String) -> String? {
      for line in text.split(separator: "\n") {
        let words = line.split { $0 == " " || $0 == ":" || $0 == "\t" }
        if words.count == 2, words[0] == key { return String(words[1]) }
      }
      return nil
    }

    @Test("A read-only root, masked and read-only paths hold against writing")
    func paths() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("paths")
        let ended = try await pod.shell(
          "c",
          """
          exec 2>/dev/null
          echo x > /file && echo writable-root
          echo x > /dev/shm/file || echo no-shm
          wc -c < /proc/timer_list
          ls -A /sys/firmware | wc -l
          echo 1 > /proc/sys/kernel/hostname && echo writable-sys
          echo end
          """
        ) { config in
          config.securityContext.readOnlyRootFilesystem = true
          config.securityContext.maskedPaths = ["/proc/timer_list", "/sys/firmware"]
          config.securityContext.readOnlyPaths = ["/proc/sys"]
        }
        #expect(ended.text == "0\n0\nend")
      }
    }

    @Test("Only the devices of every container and those asked for can be opened")
    func devices() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("devices")
        let ended = try await pod.shell(
          "c",
          """
          head -c 3 /dev/zero | wc -c
          head -c 4 /dev/mine | wc -c
          mknod /dev/kmsg2 c 1 11 2>/dev/null
          head -c 1 /dev/kmsg2 >/dev/null 2>&1 && echo opened
          echo end
          """
        ) { $0.devices = [Device(containerPath: "/dev/mine", hostPath: "/dev/zero", permissions: "r")] }
        #expect(ended.text == "3\n4\nend")
      }
    }

    @Test("Mounts are read-only where asked, and propagate as asked")
    func mounts() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let shared = "\(agent.base)/shared"
        for name in ["from-host", "from-container"] {
          try FileManager.default.createDirectory(atPath: "\(shared)/\(name)", withIntermediateDirectories: true)
        }
        try #require(unsafe mount(shared, shared, nil, UInt(MS_BIND), nil) == 0)
        defer { unsafe umount2(shared, Int32(MNT_DETACH)) }
        try #require(unsafe mount(nil, shared, nil, UInt(MS_SHARED), nil) == 0)
        let pod = try await agent.sandbox("mounts") { $0.securityContext.privileged = true }
        let slave = try await pod.stay("slave") { config in
          config.mounts = [
            Mount(containerPath: "/slave", hostPath: shared, propagation: .hostToContainer),
            Mount(containerPath: "/private", hostPath: shared),
            Mount(containerPath: "/read-only", hostPath: shared, readOnly: true),
          ]
        }
        let peer = try await pod.stay("peer") { config in
          config.securityContext.privileged = true
          config.mounts = [Mount(containerPath: "/peer", hostPath: shared, propagation: .bidirectional)]
        }
        let source = "\(shared)/from-host"
        try #require(unsafe mount("tmpfs", source, "tmpfs", 0, nil) == 0)
        defer { unsafe umount2(source, Int32(MNT_DETACH)) }
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(source)/new"))
        #expect(try await agent.exec(slave, ["test", "-e", "/slave/from-host/new"]).code == 0)
        #expect(try await agent.exec(slave, ["test", "-e", "/private/from-host/new"]).code == 1)
        #expect(try await agent.exec(slave, ["touch", "/read-only/file"]).error.contains("Read-only"))
        #expect(try await agent.exec(slave, ["touch", "/private/file"]).code == 0)

        let inside = try await agent.exec(
          peer, ["sh", "-c", "mount -t tmpfs none /peer/from-container && touch /peer/from-container/new"])
        #expect(inside.code == 0, "\(inside.error)")
        #expect(FileManager.default.fileExists(atPath: "\(shared)/from-container/new"))
        #expect(try await agent.exec(slave, ["test", "-e", "/slave/from-container/new"]).code == 0)
        unsafe umount2("\(shared)/from-container", Int32(MNT_DETACH))
        try await pod.remove()
      }
    }

    @Test("A limit whose controller is missing is refused with its name; shares alone are fine")
    func limits() async throws {
      let controllers = HostState.cgroupMount.map { HostState.text("\($0)/cgroup.controllers") } ?? ""
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("limits")
        var limited = LinuxResources()
        limited.memoryLimit = 64 << 20
        let resources = limited
        if controllers.contains("memory") {
          let id = try await pod.start("limited", ["sleep", "1000"]) { $0.resources = resources }
          #expect(try await agent.cgroupFile(id, "memory.max") == "\(64 << 20)")
        } else {
          let refused = await failure { _ = try await pod.create("limited") { $0.resources = resources } }
          #expect(refused?.code == .failedPrecondition)
          #expect(refused?.description.contains("memory") == true)
        }
        let shares = try await pod.run("shares", ["exit", "0"]) { $0.resources = LinuxResources(cpuShares: 512) }
        #expect(shares.status.exitCode == 0)
      }
    }
  }
}
