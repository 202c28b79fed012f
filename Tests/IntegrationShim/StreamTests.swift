import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Synchronization
import TestSupport
import Testing

extension ShimSuite {
  @Suite("Logs, attach and terminals", .timeLimit(.minutes(5)))
  struct StreamTests {
    @Test("Lines keep their order and name their stream; an unterminated one is partial")
    func order() throws {
      try TestPod.with { pod in
        let log = try pod.run(TestContainer("c", ["/bin/sh", "-c", "echo a; sleep 0.05; echo b >&2; sleep 0.05; printf tail"]))
          .lines
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
        var container = TestContainer(
          "c", ["/bin/sh", "-c", "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done; cat >/dev/null"])
        container.openStdin = true
        container.stdinOnce = true
        _ = try pod.spawn(container)
        let path = "\(pod.scratch)/c.log"
        var parts: [[LogLine]] = []
        for number in 0..<3 {
          try FileManager.default.moveItem(atPath: path, toPath: "\(path).\(number)")
          #expect(try pod.call(.reopenLog(id: "c")).reply == .done)
          #expect(ShimFiles.exists(path))
        }
        #expect(
          eventuallyBlocking {
            parts = ["\(path).0", "\(path).1", "\(path).2", path].map {
              ShimFiles.text($0).split(separator: "\n").compactMap { LogLine($0) }
            }
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
        var container = TestContainer("c", ["/bin/sh", "-c", "echo out; sleep 86400 & exit 5"])
        container.sharesPID = true
        container.drainMilliseconds = 300
        let begin = Date()
        let (lines, ended) = try pod.run(container)
        let took = Date().timeIntervalSince(begin)
        #expect(ended.exitCode == 5)
        #expect(lines.map(\.content) == ["out"])
        #expect(took > 0.29)
      }
    }

    @Test("Somebody who writes into the output of a container that has ended, without end, does not keep its exit back")
    func endlessOutput() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "read x; exit 7"])
        container.openStdin = true
        container.drainMilliseconds = 100
        var (request, descriptors) = try container.request(in: pod)
        request.logPath = ""
        guard case .spawned(let pid) = try pod.call(.spawn(request), descriptors).reply else {
          Issue.record("not made")
          return
        }
        descriptors = []
        let output = unsafe open("/proc/\(pid)/fd/1", O_WRONLY | O_CLOEXEC)
        #expect(output >= 0)
        let stops = Atomic(false)
        let ended = (0..<3).map { _ in DispatchSemaphore(value: 0) }
        for semaphore in ended {
          Thread {
            let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
            var pipeSignal = sigset_t()
            unsafe sigemptyset(&pipeSignal)
            unsafe sigaddset(&pipeSignal, SIGPIPE)
            unsafe pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
            while !stops.load(ordering: .relaxed), unsafe write(output, block, block.count) > 0 {}
            semaphore.signal()
          }.start()
        }
        defer {
          stops.store(true, ordering: .relaxed)
          for semaphore in ended { semaphore.wait() }
          close(output)
        }
        let input = try LinuxSystem.Pipe()
        _ = try pod.call(.attach(id: "c", streams: 1), [input.readEnd])
        let end = try input.writeEnd()
        end.withRaw { raw in _ = unsafe write(raw, "go\n", 3) }
        #expect(try pod.exit(of: "c").exitCode == 7)
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

    @Test("An attached client that never reads holds up the container for seconds, then it is cut off; the log has every line")
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

    @Test("An attached client that takes a little now and then is cut off all the same")
    func trickle() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "read a; seq -w 1 400000"])
        container.openStdin = true
        _ = try pod.spawn(container)
        let (input, output) = (try LinuxSystem.Pipe(), try LinuxSystem.Pipe())
        _ = try pod.call(.attach(id: "c", streams: 3), [input.readEnd, try output.writeEnd()])
        output.closeWriteEnd()
        let end = try input.writeEnd()
        _ = end.withRaw { raw in unsafe write(raw, "x\n", 2) }
        let reader = Thread {
          var page = [UInt8](repeating: 0, count: 4096)
          while output.readEnd.withRaw({ raw in unsafe read(raw, &page, page.count) }) > 0 { usleep(500_000) }
        }
        reader.start()
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
}
