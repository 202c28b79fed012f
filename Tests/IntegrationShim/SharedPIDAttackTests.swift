import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  /// A container that shares the pod's pid namespace and holds CAP_SYS_PTRACE, as Kubernetes documents it for debugging, reads
  /// /proc/PID/root, /cwd, /fd and memory of whatever it sees there: it must see nothing that shows the host.
  @Suite("Attacks with CAP_SYS_PTRACE in a shared pid namespace", .timeLimit(.minutes(5)))
  struct SharedPIDAttackTests {
    /// The default capabilities and SYS_PTRACE.
    static let capabilities: UInt64 = 0xa804_25fb | 1 << 19

    static func attacker(_ script: String) -> TestContainer {
      var container = TestContainer("attacker", ["/bin/sh", "-c", script])
      container.sharesPID = true
      container.settings = [
        .boundingCapabilities(keep: capabilities), .capabilities(effective: capabilities, permitted: capabilities, inheritable: 0),
        .ambientCapabilities(0),
      ]
      return container
    }

    @Test("Pause shows an empty, read-only root, no descriptor, and no path of the host")
    func pause() throws {
      try TestPod.with { pod in
        try pod.pause()
        try ShimFiles.write("secret", "\(pod.scratch)/marker")
        let script = """
          ls /proc/1/root/ | wc -l
          cat /proc/1/root\(pod.scratch)/marker
          touch /proc/1/root/x || echo read-only
          ls /proc/1/cwd/ | wc -l
          ls /proc/1/fd | wc -l
          echo $(tr -d '\\0' < /proc/1/cmdline)
          grep -c . /proc/1/mountinfo
          """
        let lines = try pod.run(Self.attacker(script)).lines.filter { $0.stream == "stdout" }.map(\.content)
        #expect(lines == ["0", "read-only", "0", "0", "pause", "1"])
      }
    }

    @Test("Containers and execs are never seen before they are in the container's root, without descriptors of the host")
    func setup() throws {
      try TestPod.with { pod in
        try pod.pause()
        try ShimFiles.write("secret", "\(pod.scratch)/marker")
        let marker = "\(pod.scratch)/marker"
        // The pod's directory holds shim.pid; descriptors to look for: cgroups, roots, a procfs of the host, the agent's socket's directory.
        let script = """
          echo ready
          while :; do for p in /proc/[0-9]*; do
            case $p in /proc/1|/proc/$$) continue;; esac
            [ -e $p/root\(marker) ] && echo hit root $p
            [ -e $p/cwd/shim.pid ] && echo hit cwd $p
            for f in $p/fd/*; do
              [ -e $f\(marker) ] && echo hit root in $f
              [ -e $f/cgroup.procs ] && echo hit cgroup $f
              [ -e $f/1/root ] && echo hit procfs $f
              [ -e $f/shim.pid ] && echo hit directory $f
            done
          done; done
          """
        _ = try pod.spawn(Self.attacker(script))
        #expect(eventuallyBlocking { pod.log("attacker").map(\.content).contains("ready") })
        let null = SharedDescriptor(try openNull())
        var seen = 0
        for round in 0..<12 {
          var victim = TestContainer("v\(round)", ["/bin/sleep", "0.1"])
          victim.sharesPID = true
          victim.cgroup = try pod.makeCgroup("v\(round)")
          // Slow enough to be caught: two hundred mounts before the root is changed.
          victim.mounts = (0..<200).map {
            .fileSystem(type: "tmpfs", source: "t", target: "/mnt/\($0)", attributes: 0, options: [])
          }
          if case .spawned = try pod.spawn(victim).reply { seen += 1 }
          var exec = TestExec(id: "x\(round)", container: "attacker", command: ["/bin/true"])
          exec.early = (0..<300).map { .oomScoreAdjust(value: Int32($0), optional: true) }
          _ = try pod.call(.spawn(exec.request()), [null, null, null])
          _ = try pod.exit(of: exec.id)
        }
        #expect(seen == 12)
        let hits = pod.log("attacker").map(\.content).filter { $0.hasPrefix("hit") }
        #expect(hits.isEmpty, "\(hits.prefix(5))")
      }
    }

    @Test("What waits for its start in there has the container's identity already, and only its streams")
    func waiting() throws {
      try TestPod.with { pod in
        try pod.pause()
        var victim = TestContainer("victim", ["/bin/true"])
        victim.sharesPID = true
        victim.awaitsStart = true
        victim.settings = [
          .newSession, .groups([]), .groupID(7), .boundingCapabilities(keep: 0), .keepCapabilities, .userID(7),
          .capabilities(effective: 0, permitted: 0, inheritable: 0), .ambientCapabilities(0),
        ]
        guard case .spawned = try pod.spawn(victim).reply else { throw ShimTimeout(waitingFor: "spawn") }
        let script = """
          grep -E '^(Uid|CapEff|CapPrm|CapBnd|NSsid)' /proc/2/status | tr '\\t' ' '
          ls /proc/2/root/ | grep -c scratch
          for f in /proc/2/fd/*; do readlink $f; done
          """
        let lines = try pod.run(Self.attacker(script)).lines.map(\.content)
        // A session of its own (2 in the namespace), not the one of the process that set it up.
        let none = "0000000000000000"
        let expected = ["Uid: 7 7 7 7", "NSsid: 2", "CapPrm: \(none)", "CapEff: \(none)", "CapBnd: \(none)"]
        #expect(Set(lines.prefix(5)) == Set(expected), "\(lines)")
        // Its streams and the channel to podshim.
        let descriptors = lines.dropFirst(6)
        let harmless = descriptors.allSatisfy { $0 == "/dev/null" || $0.hasPrefix("pipe:") || $0.hasPrefix("socket:") }
        #expect(descriptors.count == 4 && harmless, "\(lines)")
        #expect(try pod.call(.start(id: "victim")).reply == .done)
        #expect(try pod.exit(of: "victim").exitCode == 0)
      }
    }

    @Test("What waits for its start in there has its filter already, with no_new_privs or without", arguments: [true, false])
    func filtered(_ noNewPrivileges: Bool) throws {
      try TestPod.with { pod in
        try pod.pause()
        var victim = TestContainer("victim", ["/bin/true"])
        victim.sharesPID = true
        victim.awaitsStart = true
        // As in every program: nothing is looked up once the filter closed what is not the container's.
        victim.lateDirectory = nil
        // return SECCOMP_RET_ALLOW
        let filter = SetupOperation.seccomp(flags: 0, program: [6, 0, 0, 0, 0, 0, 0xFF, 0x7F])
        victim.settings = noNewPrivileges ? [.noNewPrivileges, filter] : [filter]
        let reply = try pod.spawn(victim).reply
        guard case .spawned = reply else {
          Issue.record("\(reply)")
          return
        }
        let script = "grep -E '^(Seccomp|NoNewPrivs):' /proc/2/status | tr '\\t' ' '"
        let lines = try pod.run(Self.attacker(script)).lines.map(\.content)
        #expect(lines == ["NoNewPrivs: \(noNewPrivileges ? 1 : 0)", "Seccomp: 2"])
        #expect(try pod.call(.start(id: "victim")).reply == .done)
        #expect(try pod.exit(of: "victim").exitCode == 0)
      }
    }

    @Test("/proc of a container in a shared pid namespace shows that namespace, also one that joined another container's")
    func procfs() throws {
      try TestPod.with { pod in
        try pod.pause()
        #expect(try pod.shell("cat /proc/1/comm; [ -e /proc/self/exe ] && echo self") { $0.sharesPID = true } == "pause\nself")
        _ = try pod.spawn(TestContainer("target", ["/bin/sleep", "60"]))
        var (request, descriptors) = try TestContainer("debug", ["/bin/sh", "-c", "cat /proc/1/comm; echo $$"]).request(in: pod)
        request.cloneFlags = 0x0002_0000
        request.joinsPID = true
        request.joinPIDOf = "target"
        _ = try pod.call(.spawn(request), descriptors)
        _ = try pod.exit(of: "debug")
        #expect(pod.log("debug").map(\.content) == ["sleep", "2"])
        descriptors = []
        #expect(try pod.call(.remove(id: "debug")).reply == .done)
      }
    }
  }
}
