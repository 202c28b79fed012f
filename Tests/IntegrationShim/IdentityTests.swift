import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  @Suite("Identity, limits and kernel settings", .timeLimit(.minutes(5)))
  struct IdentityTests {
    private func status(_ text: String, _ key: String) -> String? {
      text.split(separator: "\n").first { $0.hasPrefix("\(key):") }.map {
        $0.dropFirst(key.count + 1).trimmingCharacters(in: .whitespaces)
      }
    }

    @Test("User, groups, capability sets and no_new_privs are exactly what was asked for")
    func identity() throws {
      try TestPod.with { pod in
        // Not through a shell, which ignores signals of its own choice.
        let text = try pod.shell("") {
          $0.command = ["/bin/cat", "/proc/self/status"]
          $0.settings = [
            .groups([7, 8]), .groupID(1001), .boundingCapabilities(keep: 0x401), .keepCapabilities, .userID(1000),
            .capabilities(effective: 0x400, permitted: 0x401, inheritable: 0x400), .ambientCapabilities(0x400), .noNewPrivileges,
          ]
        }
        #expect(status(text, "Uid") == "1000\t1000\t1000\t1000")
        #expect(status(text, "Gid") == "1001\t1001\t1001\t1001")
        #expect(status(text, "Groups") == "7 8")
        #expect(status(text, "CapBnd") == "0000000000000401")
        #expect(status(text, "CapEff") == "0000000000000400")
        #expect(status(text, "CapPrm") == "0000000000000400")
        #expect(status(text, "CapInh") == "0000000000000400")
        #expect(status(text, "CapAmb") == "0000000000000400")
        #expect(status(text, "NoNewPrivs") == "1")
        #expect(status(text, "SigBlk") == "0000000000000000")
        #expect(status(text, "SigIgn") == "0000000000000000")
      }
    }

    @Test("Root with a small bounding set has no more than that")
    func rootCapabilities() throws {
      try TestPod.with { pod in
        let text = try pod.shell("cat /proc/self/status; cat /proc/self/fd/0 | wc -c") {
          $0.settings = [
            .boundingCapabilities(keep: 0x3), .keepCapabilities, .userID(0),
            .capabilities(effective: 3, permitted: 3, inheritable: 0),
            .ambientCapabilities(0),
          ]
        }
        #expect(status(text, "CapEff") == "0000000000000003")
        #expect(status(text, "CapBnd") == "0000000000000003")
      }
    }

    @Test("Names, sysctls, limits, umask, OOM score and the working directory")
    func settings() throws {
      try TestPod.with { pod in
        try pod.pause(
          network: try NetworkNamespace.create(),
          operations: [.hostname("pod"), .sysctl(path: "kernel/shm_rmid_forced", value: "1")])
        let text = try pod.shell(
          "hostname; cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_forward; ulimit -n; umask; cat /proc/self/oom_score_adj; pwd"
        ) {
          $0.mounts = [.sysctl(path: "net/ipv4/ip_forward", value: "1"), .readOnly(path: "/proc/sys")]
          $0.early = [.oomScoreAdjust(value: 555, optional: false)]
          $0.settings = [.resourceLimit(resource: 7, soft: 99, hard: 100, optional: false), .umask(0o27)]
        }
        #expect(text == "pod\n1\n1\n99\n0027\n555\n/")
      }
    }

    @Test("A limit that may not be raised is an error, or tolerated when optional")
    func limits() throws {
      try TestPod.with { pod in
        guard ShimFiles.text("/proc/self/status").contains("CapEff:\t000001ffffffffff") == false else { return }
        for optional in [true, false] {
          var container = TestContainer("c\(optional)", ["/bin/true"])
          container.settings = [.resourceLimit(resource: 7, soft: 1 << 30, hard: 1 << 30, optional: optional)]
          let reply = try pod.spawn(container).reply
          if case .failed(let failure) = reply { #expect(!optional && failure.call == "prlimit64") } else { #expect(optional) }
        }
      }
    }

    @Test("A missing working directory is made on request and an error otherwise", arguments: [true, false])
    func workingDirectory(_ create: Bool) throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "pwd"])
        container.settings = [.changeDirectory(path: "/not/there", create: create)]
        let reply = try pod.spawn(container).reply
        if create {
          #expect(try pod.exit(of: "c").exitCode == 0)
          #expect(ShimFiles.exists("\(pod.root)/not/there"))
        } else {
          guard case .failed(let failure) = reply else { throw UnexpectedReply(reply: reply) }
          #expect(failure.call == "chdir")
          #expect(failure.errno == ENOENT)
        }
      }
    }

    @Test(
      "A working directory entered as root serves a user who could not enter it; one that root cannot enter is tried as the user")
    func privateDirectory() throws {
      try TestPod.with { pod in
        try ShimFiles.makeDirectory("\(pod.root)/home")
        unsafe chmod("\(pod.root)/home", 0o700)
        let user: [SetupOperation] = [
          .groups([]), .groupID(1000), .keepCapabilities, .userID(1000), .capabilities(effective: 0, permitted: 0, inheritable: 0),
        ]
        var container = TestContainer("early", ["/bin/readlink", "/proc/self/cwd"])
        container.lateDirectory = nil
        container.settings = [.changeDirectory(path: "/home", create: false)] + user
        #expect(try pod.run(container).lines.map(\.content) == ["/home"])
        container = TestContainer("late", ["/bin/true"])
        container.lateDirectory = nil
        container.settings = user + [.changeDirectory(path: "/home", create: false)]
        guard case .failed(let failure) = try pod.spawn(container).reply else { throw ShimTimeout(waitingFor: "failure") }
        #expect(failure.errno == EACCES)
        // Without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH root is like root on a file system that distrusts it.
        unsafe chown("\(pod.root)/home", 1000, 1000)
        container = TestContainer("squashed", ["/bin/readlink", "/proc/self/cwd"])
        container.lateDirectory = nil
        let identity: UInt64 = 0xC0
        container.settings = [
          .capabilities(effective: identity, permitted: identity, inheritable: 0), .changeDirectory(path: "/home", create: false),
          .groups([]), .groupID(1000), .userID(1000),
        ]
        #expect(try pod.run(container).lines.map(\.content) == ["/home"])
      }
    }

    @Test("A seccomp filter decides from exec on")
    func seccomp() throws {
      try TestPod.with { pod in
        #if arch(arm64)
          let mkdir: UInt8 = 34
        #else
          let mkdir: UInt8 = 83
        #endif
        // ld nr; jeq mkdir ? EPERM : ALLOW
        let filter: [UInt8] = [
          0x20, 0, 0, 0, 0, 0, 0, 0, 0x15, 0, 0, 1, mkdir, 0, 0, 0, 6, 0, 0, 0, 1, 0, 5, 0, 6, 0, 0, 0, 0, 0, 0xFF, 0x7F,
        ]
        let text = try pod.shell("mkdir /x || echo refused; touch /y && echo allowed; cat /proc/self/status") {
          $0.settings = [.noNewPrivileges, .seccomp(flags: 0, program: filter)]
        }
        #expect(text.contains("refused\nallowed\n"))
        #expect(status(text, "Seccomp") == "2")
      }
    }

    @Test("A user namespace maps ids: root inside is nobody's root outside")
    func userNamespace() throws {
      try TestPod.with { pod in
        unsafe chmod(pod.scratch, 0o755)
        var container = TestContainer(
          "c", ["/bin/sh", "-c", "id -u; cat /proc/self/uid_map /proc/self/oom_score_adj; echo x > /tmp/made; sleep 60"])
        container.cloneFlags |= 0x1000_0000
        container.uidMappings = [IDMapping(containerID: 0, hostID: 200_000, length: 1000)]
        container.usualMounts = false
        unsafe chmod("\(pod.root)/tmp", 0o777)
        container.early = [.oomScoreAdjust(value: 321, optional: false)]
        container.mounts = [
          .fileSystem(type: "proc", source: "proc", target: "/proc", attributes: 14, options: []),
          .fileSystem(type: "tmpfs", source: "tmpfs", target: "/dev", attributes: 2, options: ["mode=755"]),
          .bind(BindMount(source: "/dev/null", target: "/dev/null", recursive: false, requiredType: 0o020000)),
        ]
        let answer = try pod.spawn(container)
        guard case .spawned(let pid) = answer.reply else { throw UnexpectedReply(reply: answer.reply) }
        #expect(eventuallyBlocking { pod.log("c").count == 3 })
        #expect(pod.log("c").map { $0.content.split(separator: " ").joined(separator: " ") } == ["0", "0 200000 1000", "321"])
        #expect(eventuallyBlocking { ShimFiles.exists("\(pod.root)/tmp/made") })
        let owner = try FileManager.default.attributesOfItem(atPath: "\(pod.root)/tmp/made")[.ownerAccountID] as? Int
        #expect(owner == 200_000)
        #expect(ShimFiles.link("/proc/\(pid)/ns/user") != ShimFiles.link("/proc/self/ns/user"))
        // An exec joins it too, and becomes its root.
        let output = try LinuxSystem.Pipe()
        var exec = TestExec(
          container: "c", command: ["/bin/sh", "-c", "id -u; readlink /proc/self/ns/user; cat /proc/self/oom_score_adj"])
        exec.flags |= 0x1000_0000
        exec.early = [.oomScoreAdjust(value: 7, optional: false)]
        exec.settings = [.groups([]), .groupID(0), .userID(0)]
        let null = SharedDescriptor(try openNull())
        _ = try pod.call(.spawn(exec.request()), [null, try output.writeEnd(), null])
        #expect(try pod.exit(of: "exec").exitCode == 0)
        let text = String(decoding: try readAvailable(output.readEnd), as: UTF8.self)
        #expect(text == "0\n\(ShimFiles.link("/proc/\(pid)/ns/user"))\n7\n")
      }
    }

    @Test("A container and an exec inherit exactly the three standard streams")
    func descriptors() throws {
      try TestPod.with { pod in
        try pod.pause()
        // ls itself opens the directory.
        #expect(try pod.shell("ls /proc/self/fd") == "0\n1\n2\n3")
        var second = TestContainer("terminal", ["/bin/ls", "/proc/self/fd"])
        second.stdio = .terminal
        second.settings = [.newSession, .controllingTerminal]
        #expect(try pod.run(second).lines.map(\.content).joined(separator: " ").split(separator: " ") == ["0", "1", "2", "3"])
        let pause = try pod.list().first { $0.id.isEmpty }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pause?.pid ?? 0)/fd").isEmpty)
      }
    }

    @Test("podshim holds nothing of a container that is gone")
    func noLeak() throws {
      try TestPod.with { pod in
        try pod.pause()
        let directory = "/proc/\(pod.process.pid)/fd"
        func open() -> [String] {
          ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).map { ShimFiles.link("\(directory)/\($0)") }
            .sorted()
        }
        // A reply's descriptors are closed once it is sent: the next answer comes after that.
        _ = try pod.list()
        let before = open()
        for round in 0..<5 {
          var container = TestContainer("c\(round)", ["/bin/sh", "-c", "echo x"])
          container.cgroup = try pod.makeCgroup("c\(round)")
          _ = try pod.run(container)
          #expect(try pod.call(.remove(id: container.id)).reply == .done)
          var failing = TestContainer("f\(round)", ["/nope"])
          failing.openStdin = true
          _ = try pod.spawn(failing)
        }
        var after: [String] = []
        _ = eventuallyBlocking {
          after = open()
          return after == before
        }
        #expect(after == before)
      }
    }
  }
}
