import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Testing
import TestSupport

extension ShimSuite {
  @Suite("Rotation of logs", .timeLimit(.minutes(10)))
  struct RotationTests {
    @Test("A million numbered lines and a thousand rotations while they are written: each line is there once, and in order")
    func million() throws {
      try TestPod.with { pod in
        // A thousand lines for each that it reads, and one on the other stream.
        let script = "i=0; while read x && [ $x = go ]; do seq $((i*1000+1)) $((i*1000+1000)); i=$((i+1)); echo $i >&2; done"
        var container = TestContainer("c", ["/bin/sh", "-c", script])
        container.openStdin = true
        _ = try pod.spawn(container)
        let input = try LinuxSystem.Pipe()
        #expect(try pod.call(.attach(id: "c", streams: 1), [input.readEnd]).reply == .done)
        let end = try input.writeEnd()
        let path = "\(pod.scratch)/c.log"
        try ShimFiles.makeDirectory("\(pod.scratch)/rotated")
        for round in 1000..<2000 {
          _ = end.withRaw { raw in unsafe write(raw, "go\n", 3) }
          // In the middle of what is written: as soon as something is there.
          #expect(begun(path))
          #expect(unsafe rename(path, "\(pod.scratch)/rotated/\(round).log") == 0)
          #expect(try pod.call(.reopenLog(id: "c")).reply == .done)
          #expect(ShimFiles.exists(path))
        }
        _ = end.withRaw { raw in unsafe write(raw, "end\n", 4) }
        #expect(try pod.exit(of: "c").exitCode == 0)
        try FileManager.default.moveItem(atPath: path, toPath: "\(pod.scratch)/rotated/2000.log")
        let check = """
          cat \(pod.scratch)/rotated/*.log | busybox awk '
            NF != 4 || $3 != "F" || $4 != ++n[$2] { print "line " NR ": " $0; exit }
            END { print n["stdout"], n["stderr"] }'
          """
        let (process, output) = (Process(), Foundation.Pipe())
        (process.executableURL, process.arguments) = (URL(filePath: "/bin/sh"), ["-c", check])
        process.standardOutput = output
        try process.run()
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(said == "1000000 1000\n")
      }
    }

    /// Whether there is something in a file, or comes.
    private func begun(_ path: String) -> Bool {
      let end = ContinuousClock.now + .seconds(120)
      while ContinuousClock.now < end {
        if (FileFacts.at(path)?.size ?? 0) > 0 { return true }
        usleep(200)
      }
      return false
    }

    @Test("The log of a process that has ended is not begun again: the reopening is refused, and no file is made")
    func ended() throws {
      try TestPod.with { pod in
        _ = try pod.run(TestContainer("c", ["/bin/echo", "last"]))
        let path = "\(pod.scratch)/c.log"
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        guard case .refused(let errno, _) = try pod.call(.reopenLog(id: "c")).reply else {
          Issue.record("reopened")
          return
        }
        #expect(errno == ESRCH)
        #expect(!ShimFiles.exists(path))
      }
    }

    @Test("A log that cannot be begun anew goes on in the file that it had, under whatever name")
    func failed() throws {
      try TestPod.with { pod in
        var container = TestContainer("c", ["/bin/sh", "-c", "read x; echo one; read x; echo two"])
        container.openStdin = true
        container.stdinOnce = true
        _ = try pod.spawn(container)
        let path = "\(pod.scratch)/c.log"
        let input = try LinuxSystem.Pipe()
        _ = try pod.call(.attach(id: "c", streams: 1), [input.readEnd])
        let end = try input.writeEnd()
        func go() { _ = end.withRaw { raw in unsafe write(raw, "go\n", 3) } }
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        // A link that somebody put there is not followed.
        try ShimFiles.symlink(path, to: "\(pod.scratch)/elsewhere")
        guard case .refused = try pod.call(.reopenLog(id: "c")).reply else {
          Issue.record("reopened through a link")
          return
        }
        go()
        #expect(eventuallyBlocking { ShimFiles.text(path + ".1").contains("one") })
        // As a kubelet does after an error: the log has its name again, and the next rotation goes well.
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".1", toPath: path)
        #expect(try pod.call(.reopenLog(id: "c")).reply == .done)
        go()
        _ = try pod.exit(of: "c")
        #expect(pod.log("c").map(\.content) == ["one", "two"])
        #expect(!ShimFiles.exists("\(pod.scratch)/elsewhere"))
      }
    }
  }
}
