import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  @Suite("Exec", .timeLimit(.minutes(5)))
  struct ExecTests {
    /// Runs `exec` in container "c" with pipes of its own.
    private func run(_ exec: TestExec, in pod: TestPod, cgroup: String? = nil) throws -> (String, ExitRecord) {
      let output = try LinuxSystem.Pipe()
      var request = exec.request()
      var descriptors = [SharedDescriptor(try openNull()), try output.writeEnd(), try output.writeEnd()]
      if let cgroup {
        request.cgroupSlot = 3
        descriptors.append(try ShimFiles.open(cgroup))
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
        #expect(text.split(separator: "\n").map { String($0) } == kinds.map { ShimFiles.link("/proc/\(pid)/ns/\($0)") } + ["sleep"])
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
        #expect(!ShimFiles.text("\(own)/cgroup.procs").isEmpty)
        try ShimFiles.write("1", "\(own)/cgroup.kill")
        #expect(eventuallyBlocking { ShimFiles.text("\(own)/cgroup.procs").isEmpty })
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
