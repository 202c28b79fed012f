import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

/// Everything in here starts a real podshim; one at a time.
@Suite("podshim", .serialized, .enabled(if: geteuid() == 0, "needs root"))
struct ShimSuite {}

extension ShimSuite {
  @Suite("Lives of processes", .timeLimit(.minutes(5)))
  struct LifeTests {
    @Test("A container joins the network, ipc and uts namespaces of pause, and has a pid namespace of its own")
    func joinedNamespaces() throws {
      try TestPod.with { pod in
        let network = try NetworkNamespace.create()
        let pid = try pod.pause(network: network)
        #expect(ShimFiles.link("/proc/\(pid)/ns/net") != ShimFiles.link("/proc/self/ns/net"))
        let names = try pod.shell("for n in net ipc uts pid; do readlink /proc/self/ns/$n; done; echo $$").split(separator: "\n")
        try #require(names.count == 5)
        for (index, name) in ["net", "ipc", "uts"].enumerated() {
          #expect(names[index] == ShimFiles.link("/proc/\(pid)/ns/\(name)"))
        }
        #expect(names[3] != ShimFiles.link("/proc/\(pid)/ns/pid"))
        #expect(names[4] == "1")
        let answer = try pod.call(.namespaces(flags: 0x4000_0000))
        #expect(answer.descriptors.count == 1)
      }
    }

    @Test("A container in the pod's pid namespace sees pause, and its orphans are reaped there")
    func sharedPID() throws {
      try TestPod.with { pod in
        try pod.pause()
        let seen = try pod.shell("cat /proc/1/comm; (sleep 0.05 & ); sleep 0.2; cat /proc/[0-9]*/stat | grep -c ') Z'") {
          $0.sharesPID = true
        }
        #expect(seen == "pause\n0")
      }
    }

    @Test(
      "Exit codes and signals are reported as a shell reports them",
      arguments: [("exit 3", 3, 0), ("kill -9 $$", 137, 9), ("true", 0, 0)])
    func exitCodes(_ script: String, _ code: Int32, _ signal: Int32) throws {
      try TestPod.with { pod in
        try pod.pause()
        var container = TestContainer("c", ["/bin/sh", "-c", script])
        container.sharesPID = true
        let ended = try pod.run(container).exit
        #expect(ended.exitCode == code)
        #expect(ended.signal == signal)
        #expect(abs(Double(ended.finishedAt) / 1e9 - Date().timeIntervalSince1970) < 60)
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(pod.directory)/c.exit"))
        #expect(try ExitRecord(fileContent: Array(file)) == ended)
        #expect(try pod.call(.remove(id: "c")).reply == .done)
        #expect(!ShimFiles.exists("\(pod.directory)/c.exit"))
      }
    }

    @Test("A created container runs after start, and only once")
    func createAndStart() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "echo started; sleep 60"])
        container.awaitsStart = true
        let answer = try pod.spawn(container)
        guard case .spawned(let pid) = answer.reply else { throw UnexpectedReply(reply: answer.reply) }
        #expect(answer.descriptors.count == 1)
        #expect(
          try pod.list() == [
            ProcessEntry(
              id: "c", pid: pid, phase: .created, exit: ExitRecord(id: "c", exitCode: 0, signal: 0, oomKilled: false, finishedAt: 0)
            )
          ])
        #expect(pod.log("c").isEmpty)
        #expect(try pod.call(.start(id: "c")).reply == .done)
        #expect(
          ShimFiles.link("/proc/\(pid)/exe").hasSuffix("/bin/busybox") || ShimFiles.link("/proc/\(pid)/exe").hasSuffix("/bin/sh"))
        #expect(eventuallyBlocking { pod.log("c").map(\.content) == ["started"] })
        guard case .refused(let code, _) = try pod.call(.start(id: "c")).reply else { throw ShimTimeout(waitingFor: "refusal") }
        #expect(code == EBUSY)
        #expect(try pod.call(.signal(id: "c", number: 9, all: false)).reply == .done)
        #expect(try pod.exit(of: "c").exitCode == 137)
      }
    }

    @Test("What cannot be done is refused with its reason")
    func refusals() throws {
      try TestPod.with { pod in
        func refusal(_ request: ShimRequest) throws -> Int32 {
          guard case .refused(let code, let text) = try pod.call(request).reply else { return 0 }
          #expect(!text.isEmpty)
          return code
        }
        #expect(try refusal(.start(id: "nobody")) == ENOENT)
        #expect(try refusal(.namespaces(flags: 1)) == ESRCH)
        let container = TestContainer("c", ["/bin/sleep", "60"])
        _ = try pod.spawn(container)
        #expect(try refusal(.remove(id: "c")) == EBUSY)
        #expect(try refusal(.resize(id: "c", columns: 1, rows: 1)) == ENOTTY)
        #expect(try refusal(.spawn(container.request(in: pod).0)) == EEXIST)
        #expect(try refusal(.attach(id: "c", streams: 2)) == EBADF)
        _ = try pod.call(.signal(id: "c", number: 9, all: false))
        _ = try pod.exit(of: "c")
        #expect(try refusal(.signal(id: "c", number: 9, all: false)) == ESRCH)
        // A kind of a newer agent.
        try pod.sendRaw([6, 0, 0, 0, 99, 0, 77, 0, 0, 0])
        #expect(try refusal(.start(id: "nobody")) == ENOENT)
      }
    }

    @Test(
      "A command that cannot run is explained",
      arguments: [
        ("/nope", ENOENT, "/nope"), ("/etc/passwd", EACCES, "/etc/passwd"), ("/noloader", ENOENT, "elf:/lib/nowhere.so"),
        ("/noshell", ENOENT, "shebang:/bin/nowhere"), ("/garbage", ENOEXEC, "/garbage"),
      ])
    func missing(_ command: String, _ code: Int32, _ detail: String) throws {
      try TestPod.with { pod in
        try Self.makeBroken(pod.root)
        for awaits in [false, true] {
          var container = TestContainer(awaits ? "late" : "now", [command])
          container.awaitsStart = awaits
          var answer = try pod.spawn(container)
          if awaits { answer = try pod.call(.start(id: "late")) }
          guard case .failed(let failure) = answer.reply else { throw UnexpectedReply(reply: answer.reply) }
          #expect(failure.call == "execve")
          #expect(failure.errno == code)
          #expect(failure.detail == detail)
          #expect(Int(failure.operation) == container.operations(in: pod).count - 1)
        }
        // One that was created had a life and ends; the other never was.
        #expect(try pod.exit(of: "late").exitCode == 127)
        #expect(try pod.list().map(\.id) == ["late"])
      }
    }

    private static func makeBroken(_ root: String) throws {
      try ShimFiles.write("#! /bin/nowhere -x\n", "\(root)/noshell")
      try ShimFiles.write("neither\n", "\(root)/garbage")
      // ELF header, one PT_INTERP segment, the interpreter's name.
      var elf = [UInt8](repeating: 0, count: 256)
      elf.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
      elf[16] = 2
      #if arch(arm64)
        elf[18] = 183
      #else
        elf[18] = 62
      #endif
      elf[20] = 1
      elf[32] = 64
      elf[52] = 64
      elf[54] = 56
      elf[56] = 1
      elf[64] = 3
      elf[72] = 128
      let name = Array("/lib/nowhere.so\0".utf8)
      elf[96] = UInt8(name.count)
      elf.replaceSubrange(128..<(128 + name.count), with: name)
      try Data(elf).write(to: URL(fileURLWithPath: "\(root)/noloader"))
      for file in ["noshell", "garbage", "noloader"] { unsafe chmod("\(root)/\(file)", 0o755) }
    }

    @Test("podshim outlives the agent's connection: the list and the log miss nothing")
    func reconnect() throws {
      try TestPod.with { pod in
        try pod.pause()
        _ = try pod.spawn(TestContainer("a", ["/bin/sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.05; done; exit 7"]))
        _ = try pod.spawn(TestContainer("b", ["/bin/sleep", "60"]))
        try pod.reconnect { #expect(eventuallyBlocking { ShimFiles.exists("\(pod.directory)/a.exit") }) }
        let list = try pod.list()
        #expect(list.map(\.id) == ["", "a", "b"])
        #expect(list.map(\.phase) == [.running, .exited, .running])
        #expect(list[1].exit.exitCode == 7)
        #expect(pod.log("a").map(\.content) == ["1", "2", "3", "4", "5"])
        _ = try pod.call(.signal(id: "b", number: 15, all: false))
        _ = try pod.call(.signal(id: "b", number: 9, all: false))
        #expect(try pod.exit(of: "b").exitCode == 137)
      }
    }

    @Test("When a container's first process ends, the rest of its cgroup is killed, and the exit says so once")
    func leftovers() throws {
      try TestPod.with { pod in
        guard let cgroup = try pod.makeCgroup("c") else { return }
        try pod.pause()
        var container = TestContainer("c", ["/bin/sh", "-c", "sleep 1000 & sleep 1000 & exit 4"])
        container.sharesPID = true
        container.cgroup = cgroup
        #expect(try pod.run(container).exit.exitCode == 4)
        #expect(eventuallyBlocking { ShimFiles.text("\(cgroup)/cgroup.procs").isEmpty })
      }
    }

    @Test("Pause in podshim's own cgroup: its end and the shutdown do not take podshim along")
    func pauseBesideShim() throws {
      try TestPod.with { pod in
        guard let cgroup = try pod.makeCgroup("sandbox") else { return }
        try ShimFiles.write("\(pod.process.pid)", "\(cgroup)/cgroup.procs")
        try pod.pause(cgroup: cgroup)
        #expect(try pod.call(.signal(id: "", number: 9, all: true)).reply == .done)
        #expect(try pod.exit(of: "").exitCode == 137)
        #expect(try pod.list().map(\.phase) == [.exited])
        #expect(ShimFiles.exists("\(pod.directory)/pause.exit"))
        #expect(try pod.call(.shutdown).reply == .done)
        #expect(eventuallyBlocking { pod.process.hasExited })
      }
    }

    @Test("Pause ends on SIGTERM with code 0")
    func pauseTerminates() throws {
      try TestPod.with { pod in
        try pod.pause()
        #expect(try pod.call(.signal(id: "", number: 15, all: false)).reply == .done)
        #expect(try pod.exit(of: "").exitCode == 0)
      }
    }

    @Test("Shutdown leaves no process, no socket and no mount")
    func shutdown() throws {
      try TestPod.with { pod in
        let mounts = ShimFiles.text("/proc/self/mountinfo")
        let pid = try pod.pause()
        var pids = [pid]
        for (index, shares) in [true, false].enumerated() {
          var container = TestContainer("c\(index)", ["/bin/sh", "-c", "sleep 1000 & sleep 1000"])
          container.sharesPID = shares
          container.cgroup = try pod.makeCgroup("c\(index)")
          if case .spawned(let pid) = try pod.spawn(container).reply { pids.append(pid) }
        }
        #expect(ShimFiles.text("/proc/self/mountinfo") == mounts)
        #expect(try pod.call(.shutdown).reply == .done)
        #expect(eventuallyBlocking { pod.process.hasExited })
        for pid in pids { #expect(kill(pid, 0) == -1) }
        #expect(!ShimFiles.exists("\(pod.directory)/shim.sock"))
        if let cgroup = pod.cgroup { #expect(ShimFiles.text("\(cgroup)/c0/cgroup.procs").isEmpty) }
      }
    }

    @Test("Bytes that are no frame end the connection, and podshim serves the next one")
    func garbage() throws {
      try TestPod.with { pod in
        try pod.sendRaw([UInt8](repeating: 0xFF, count: 64))
        try pod.reconnect()
        #expect(try pod.list().isEmpty)
      }
    }
  }
}
