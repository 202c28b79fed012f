import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Testing

extension ShimSuite {
  @Suite("Logs, attach and terminals", .timeLimit(.minutes(2)))
  struct StreamTests {
    @Test("Lines keep their order and name their stream; an unterminated one is partial")
    func order() throws {
      try TestPod.with { pod in
        let log = try pod.run(TestContainer("c", ["/bin/sh", "-c", "echo a; sleep 0.05; echo b >&2; sleep 0.05; printf tail"])).lines
        #expect(log.map { "\($0.stream) \($0.tag) \($0.content)" } == ["stdout F a", "stderr F b", "stdout P tail"])
      }
    }

    @Test("A megabyte written as fast as possible is all there before the exit is told")
    func fast() throws {
      try TestPod.with { pod in
        let log = try pod.run(TestContainer("c", ["/bin/seq", "-w", "1", "150000"])).lines
        #expect(log.count == 150_000)
        #expect(log.enumerated().allSatisfy { Int($1.content) == $0 + 1 })
      }
    }

    @Test("After a reopen new lines go to a new file, and none is lost")
    func reopen() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done; cat >/dev/null"])
        container.openStdin = true
        container.stdinOnce = true
        _ = try pod.spawn(container)
        let path = "\(pod.scratch)/c.log"
        var parts: [[LogLine]] = []
        for number in 0..<3 {
          try FileManager.default.moveItem(atPath: path, toPath: "\(path).\(number)")
          #expect(try pod.call(.reopenLog(id: "c")).reply == .done)
          #expect(Scratch.exists(path))
        }
        #expect(
          Scratch.eventually {
            parts = ["\(path).0", "\(path).1", "\(path).2", path].map { Scratch.text($0).split(separator: "\n").compactMap { LogLine($0) } }
            return parts.joined().count == 300
          })
        #expect(parts.joined().enumerated().allSatisfy { $1.content == "\($0)" })
        // Attaching and leaving closes stdin (stdin_once), which ends the container.
        let pipe = try LinuxSystem.Pipe()
        #expect(try pod.call(.attach(id: "c", streams: 1), [pipe.readEnd]).reply == .done)
        pipe.closeWriteEnd()
        #expect(try pod.exit(of: "c").exitCode == 0)
      }
    }

    @Test("A background process that holds the output delays the exit by no more than the drain time")
    func drainBound() throws {
      try TestPod.with { pod in
        try pod.pause()
        var container = TestContainer("c", ["/bin/sh", "-c", "echo out; sleep 30 & exit 5"])
        container.sharesPID = true
        container.drainMilliseconds = 300
        let begin = Date()
        let (lines, ended) = try pod.run(container)
        let took = Date().timeIntervalSince(begin)
        #expect(ended.exitCode == 5)
        #expect(lines.map(\.content) == ["out"])
        #expect(took > 0.29 && took < 2)
      }
    }

    @Test("A log that cannot be written does not disturb the container")
    func fullDisk() throws {
      try TestPod.with { pod in
        try Scratch.symlink("\(pod.scratch)/c.log", to: "/dev/full")
        var container = TestContainer("c", ["/bin/seq", "1", "20000"])
        container.sharesPID = false
        #expect(try pod.run(container).exit.exitCode == 0)
      }
    }

    @Test("Attached clients write to stdin and read what the log gets")
    func attach() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "read a; echo got $a; read b; echo also $b >&2; sleep 60"])
        container.openStdin = true
        _ = try pod.spawn(container)
        let (input, output, errors) = (try LinuxSystem.Pipe(), try LinuxSystem.Pipe(), try LinuxSystem.Pipe())
        let answer = try pod.call(.attach(id: "c", streams: 7), [input.readEnd, try output.writeEnd(), try errors.writeEnd()])
        #expect(answer.reply == .done)
        output.closeWriteEnd()
        errors.closeWriteEnd()
        let end = try input.writeEnd()
        func say(_ text: String) { _ = end.withRaw { raw in unsafe write(raw, text, text.utf8.count) } }
        say("one\n")
        #expect(String(decoding: try readAvailable(output.readEnd), as: UTF8.self) == "got one\n")
        say("two\n")
        #expect(String(decoding: try readAvailable(errors.readEnd), as: UTF8.self) == "also two\n")
        _ = try pod.call(.signal(id: "c", number: 9, all: false))
        _ = try pod.exit(of: "c")
        #expect(try readAvailable(output.readEnd).isEmpty)
        #expect(pod.log("c").map(\.content) == ["got one", "also two"])
      }
    }

    @Test("An attached client that never reads holds up neither the container nor its log")
    func slowReader() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "read a; seq -w 1 400000"])
        container.openStdin = true
        _ = try pod.spawn(container)
        let (input, output) = (try LinuxSystem.Pipe(), try LinuxSystem.Pipe())
        _ = try pod.call(.attach(id: "c", streams: 3), [input.readEnd, try output.writeEnd()])
        let end = try input.writeEnd()
        _ = end.withRaw { raw in unsafe write(raw, "x\n", 2) }
        #expect(try pod.exit(of: "c").exitCode == 0)
        #expect(pod.log("c").count == 400_000)
      }
    }

    @Test("A container's terminal is /dev/console, has the size asked for, and is logged")
    func terminal() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "tty; read a; stty size; ls -l /dev/console | cut -c1; echo $a"])
        container.stdio = .terminal
        container.mounts = [.console]
        container.settings = [.newSession, .controllingTerminal]
        container.awaitsStart = true
        try FileManager.default.linkItem(atPath: "\(pod.root)/bin/busybox", toPath: "\(pod.root)/bin/cut")
        _ = try pod.spawn(container)
        #expect(try pod.call(.resize(id: "c", columns: 100, rows: 30)).reply == .done)
        #expect(try pod.call(.start(id: "c")).reply == .done)
        let pair = try UnixStream.pair()
        #expect(try pod.call(.attach(id: "c", streams: 1), [pair.theirs]).reply == .done)
        try pair.ours.send(Array("hello\n".utf8))
        #expect(try pod.exit(of: "c").exitCode == 0)
        // The terminal echoes what is typed.
        let lines = pod.log("c").map(\.content)
        #expect(lines.contains { $0.hasPrefix("/dev/") })
        #expect(lines.contains("30 100"))
        #expect(lines.contains("c"))
        #expect(lines.filter { $0 == "hello" }.count == 2)
        #expect(pod.log("c").allSatisfy { $0.stream == "stdout" })
      }
    }
  }

  @Suite("Exec", .timeLimit(.minutes(2)))
  struct ExecTests {
    /// Runs `exec` in container "c" with pipes of its own.
    private func run(_ exec: TestExec, in pod: TestPod, cgroup: String? = nil) throws -> (String, ExitRecord) {
      let output = try LinuxSystem.Pipe()
      var request = exec.request()
      var descriptors = [SharedDescriptor(try openNull()), try output.writeEnd(), try output.writeEnd()]
      if let cgroup {
        request.cgroupSlot = 3
        descriptors.append(try Scratch.open(cgroup))
      }
      let answer = try pod.call(.spawn(request), descriptors)
      descriptors = []
      output.closeWriteEnd()
      guard case .spawned = answer.reply else { throw UnexpectedReply(reply: answer.reply) }
      let ended = try pod.exit(of: exec.id)
      var text: [UInt8] = []
      while case let part = try readAvailable(output.readEnd), !part.isEmpty { text += part }
      return (String(decoding: text, as: UTF8.self), ended)
    }

    @Test("A command runs in all namespaces of the container, with the given streams and its own exit code")
    func exec() throws {
      try TestPod.with { pod in
        try pod.pause(network: try NetworkNamespace.create())
        guard case .spawned(let pid) = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"])).reply else { return }
        let kinds = ["mnt", "pid", "net", "ipc", "uts", "cgroup"]
        let script = "for n in \(kinds.joined(separator: " ")); do readlink /proc/self/ns/$n; done; cat /proc/1/comm; exit 9"
        let (text, ended) = try run(TestExec(container: "c", command: ["/bin/sh", "-c", script]), in: pod)
        #expect(text.split(separator: "\n").map { String($0) } == kinds.map { Scratch.link("/proc/\(pid)/ns/\($0)") } + ["sleep"])
        #expect(ended.exitCode == 9)
        #expect(pod.log("c").isEmpty)
        // Nothing is kept of it.
        #expect(try pod.list().map(\.id) == ["", "c"])
      }
    }

    @Test("An exec that is killed, or cannot run, says so; its id is free again")
    func failures() throws {
      try TestPod.with { pod in
        _ = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"]))
        #expect(try run(TestExec(container: "c", command: ["/bin/sh", "-c", "kill -15 $$"]), in: pod).1.exitCode == 143)
        #expect(throws: UnexpectedReply.self) { try run(TestExec(container: "c", command: ["/nope"]), in: pod) }
        #expect(throws: UnexpectedReply.self) { try run(TestExec(container: "nobody", command: ["/bin/true"]), in: pod) }
        // podshim's own pid namespace is the host's again, whatever failed.
        var host = TestContainer("h", ["/bin/sh", "-c", "echo $$"])
        host.cloneFlags = 0x0002_0000
        #expect(try pod.run(host).lines.map(\.content) == ["1"])
        #expect(try pod.list().map(\.id) == ["c", "h"])
      }
    }

    @Test("With a cgroup of its own an exec's children can be killed, and the container lives on")
    func cgroup() throws {
      try TestPod.with { pod in
        guard let cgroup = try pod.makeCgroup("c"), let own = try pod.makeCgroup("c/exec") else { return }
        var container = TestContainer("c", ["/bin/sleep", "60"])
        container.cgroup = cgroup
        _ = try pod.spawn(container)
        let script = "sleep 1000 >/dev/null 2>&1 & grep '^0:' /proc/self/cgroup"
        let (text, _) = try run(TestExec(container: "c", command: ["/bin/sh", "-c", script]), in: pod, cgroup: own)
        #expect(text.hasSuffix("/c/exec\n"))
        #expect(!Scratch.text("\(own)/cgroup.procs").isEmpty)
        try Scratch.write("1", "\(own)/cgroup.kill")
        #expect(Scratch.eventually { Scratch.text("\(own)/cgroup.procs").isEmpty })
        #expect(try pod.list().map(\.phase) == [.running])
      }
    }

    @Test("A terminal for an exec is made in the container and handed over")
    func terminal() throws {
      try TestPod.with { pod in
        _ = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"]))
        var exec = TestExec(container: "c", command: ["/bin/sh", "-c", "tty; echo done"])
        exec.stdio = .passedTerminal
        exec.settings = [.newSession, .controllingTerminal]
        let answer = try pod.call(.spawn(exec.request()))
        #expect(answer.descriptors.count == 2)
        let terminal = try #require(answer.descriptors.last)
        _ = try pod.exit(of: "exec")
        var text: [UInt8] = []
        while let part = try? readAvailable(terminal), !part.isEmpty { text += part }
        #expect(String(decoding: text, as: UTF8.self) == "/dev/pts/0\r\ndone\r\n")
      }
    }
  }
}
