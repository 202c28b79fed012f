import CLinux
import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  @Suite("Logs that cannot be, or must not be, written", .timeLimit(.minutes(5)))
  struct LogAttackTests {
    @Test("Lines that a full disk took are counted in the log and told to the agent; the container is not disturbed")
    func lostLines() throws {
      try TestPod.with { pod in
        // RLIMIT_FSIZE stands for the full disk.
        func limit(_ bytes: UInt64) { #expect(cl_prlimit(pod.process.pid, 1, bytes, .max) == 0) }
        limit(8192)
        var container = TestContainer("c", ["/bin/sh", "-c", "seq 1 3000; echo done; read x; echo after"])
        container.openStdin = true
        _ = try pod.spawn(container)
        // It goes on, although its log cannot.
        #expect(eventuallyBlocking { ShimFiles.text("\(pod.scratch)/c.log").utf8.count > 8000 })
        let input = try LinuxSystem.Pipe()
        _ = try pod.call(.attach(id: "c", streams: 1), [input.readEnd])
        limit(.max)
        let end = try input.writeEnd()
        end.withRaw { raw in _ = unsafe write(raw, "go\n", 3) }
        #expect(try pod.exit(of: "c").exitCode == 0)
        let lines = pod.log("c").map(\.content)
        #expect(lines.last == "after")
        let notes = lines.filter { $0.hasPrefix("[") }
        #expect(
          notes.count == 1 && notes.first?.hasSuffix("lines of this log could not be written: errno \(EFBIG)]") == true, "\(notes)")
        let lost = try #require(Int((notes.first ?? "").dropFirst().prefix { $0.isNumber }))
        // 3000 numbers, "done" and "after": all there and in order, or counted.
        let numbers = lines.compactMap { Int($0) }
        #expect(lines.count - 1 + lost == 3002)
        #expect(numbers == numbers.sorted() && numbers.first == 1)
        let told = pod.events.compactMap { event in if case .logLost("c", let lines, _) = event { Int(lines) } else { nil } }
        #expect(told.count == 2 && told.last == lost && told[0] > 0, "\(told)")
      }
    }

    @Test("A log is a regular file: no link, no FIFO, no device, and nothing outside of its directory", arguments: [true, false])
    func places(_ inDirectory: Bool) throws {
      try TestPod.with { pod in
        let logs = "\(pod.scratch)/logs"
        let outside = "\(pod.scratch)/outside"
        for path in [logs, outside] { try ShimFiles.makeDirectory(path) }
        try ShimFiles.write("mine\n", "\(outside)/file")
        try ShimFiles.symlink("\(logs)/link.log", to: "\(outside)/file")
        try ShimFiles.symlink("\(logs)/dangling.log", to: "\(outside)/made")
        try ShimFiles.symlink("\(logs)/directory", to: outside)
        unsafe mkfifo("\(logs)/fifo.log", 0o600)
        try ShimFiles.symlink("\(logs)/device.log", to: "/dev/full")
        var names = ["link.log", "dangling.log", "fifo.log", "device.log"]
        if inDirectory { names += ["directory/file", "../outside/file", "a/../../outside/made", "/etc/passwd"] }
        for (index, name) in names.enumerated() {
          var (request, descriptors) = try TestContainer("c\(index)", ["/bin/echo", "written"]).request(in: pod)
          request.logPath = name.hasPrefix("/") ? name : "\(logs)/\(name)"
          request.logDirectory = inDirectory ? logs : ""
          guard case .failed(let failure) = try pod.call(.spawn(request), descriptors).reply else {
            Issue.record("\(name) is written to")
            continue
          }
          #expect(failure.operation == 0xFFFF)
          descriptors = []
        }
        #expect(ShimFiles.text("\(outside)/file") == "mine\n")
        #expect(!ShimFiles.exists("\(outside)/made"))
        var (request, descriptors) = try TestContainer("good", ["/bin/echo", "written"]).request(in: pod)
        request.logPath = "\(logs)/good.log"
        request.logDirectory = inDirectory ? logs : ""
        _ = try pod.call(.spawn(request), descriptors)
        _ = try pod.exit(of: "good")
        #expect(ShimFiles.text("\(logs)/good.log").hasSuffix(" stdout F written\n"))
        descriptors = []
      }
    }
  }
}
