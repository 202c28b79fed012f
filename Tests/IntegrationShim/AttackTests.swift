import CLinux
import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Synchronization
import TestSupport
import Testing

extension ShimSuite {
  /// One test for each hole that container runtimes had.
  @Suite("Known attacks", .timeLimit(.minutes(5)))
  struct AttackTests {
    private func failure(_ reply: ShimReply) throws -> SetupFailure {
      guard case .failed(let failure) = reply else { throw UnexpectedReply(reply: reply) }
      return failure
    }

    @Test("CVE-2019-5736: what an exec of /proc/self/exe shows of podshim cannot be overwritten")
    func executableOverwrite() throws {
      try TestPod.with { pod in
        let host = try Data(contentsOf: URL(fileURLWithPath: ShimFiles.podshim))
        // Processes of the container itself run busybox, which is busy; anything else that opens for writing is a hit.
        let attack = """
          while :; do for p in /proc/[0-9]*; do (echo evil >> $p/exe) 2>/dev/null && echo hit $p; done; done
          """
        try ShimFiles.write("#!/proc/self/exe\n", "\(pod.root)/script")
        unsafe chmod("\(pod.root)/script", 0o755)
        try ShimFiles.symlink("\(pod.root)/link", to: "/proc/self/exe")
        _ = try pod.spawn(TestContainer("attacker", ["/bin/sh", "-c", attack]))
        let null = SharedDescriptor(try openNull())
        for round in 0..<12 {
          for command in [["/proc/self/exe", "/bin"], ["/link", "/bin"], ["/script"]] {
            let exec = TestExec(id: "x\(round)\(command)", container: "attacker", command: command)
            if case .spawned = try pod.call(.spawn(exec.request()), [null, null, null]).reply {
              // podshim itself, without the agent's socket.
              #expect(try pod.exit(of: exec.id).exitCode == 1)
            }
          }
        }
        #expect(pod.log("attacker").isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: ShimFiles.podshim)) == host)
        let image = "/proc/\(pod.process.pid)/exe"
        #expect(try Data(contentsOf: URL(fileURLWithPath: image)) == host)
        #expect(ShimFiles.link(image).hasPrefix("/memfd:"))
        // And when nothing runs it any more: the seal, not the busy text, must hold.
        let held = try ShimFiles.open(image)
        _ = try pod.call(.shutdown)
        #expect(eventuallyBlocking { pod.process.hasExited })
        pod.process.reap()
        let path = held.withRaw { "/proc/self/fd/\($0)" }
        if let writable = try? ShimFiles.open(path, O_WRONLY) {
          #expect(writable.withRaw { raw in unsafe write(raw, "evil", 4) } == -1)
        }
        #expect(throws: SystemCallError.self) { try ShimFiles.open(path, O_WRONLY | O_TRUNC) }
      }
    }

    @Test("CVE-2024-21626: no descriptor of podshim serves as working directory, and no directory outside the root does")
    func leakedDirectory() throws {
      try TestPod.with { pod in
        _ = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"]))
        let null = SharedDescriptor(try openNull())
        for number in 3..<24 {
          for path in ["/proc/self/fd/\(number)", "/proc/self/fd/\(number)/../..", "/proc/thread-self/fd/\(number)"] {
            var container = TestContainer("c\(number)", ["/bin/sh", "-c", "pwd"])
            container.settings = [.changeDirectory(path: path, create: number % 2 == 0)]
            let reply = try pod.spawn(container).reply
            guard case .failed = reply else {
              Issue.record("\(path) as directory of a container")
              continue
            }
            var exec = TestExec(container: "c", command: ["/bin/true"])
            exec.settings = [.changeDirectory(path: path, create: false)]
            guard case .failed = try pod.call(.spawn(exec.request()), [null, null, null]).reply else {
              Issue.record("\(path) as directory of an exec")
              continue
            }
          }
        }
        // A symlink of the image leads there just as little.
        try ShimFiles.symlink("\(pod.root)/out", to: "/proc/self/cwd/../../../..")
        var container = TestContainer("linked", ["/bin/sh", "-c", "pwd"])
        container.settings = [.changeDirectory(path: "/out", create: true)]
        _ = try failure(try pod.spawn(container).reply)
      }
    }

    @Test("CVE-2019-16884: a /proc that is a symlink is refused, and one covered by a volume is not believed")
    func procSymlink() throws {
      try TestPod.with { pod in
        ShimFiles.remove("\(pod.root)/proc")
        try ShimFiles.makeDirectory("\(pod.root)/fake")
        try ShimFiles.symlink("\(pod.root)/proc", to: "/fake")
        #expect(try failure(try pod.spawn(TestContainer("c", ["/bin/true"])).reply).errno == ELOOP)
        try FileManager.default.removeItem(atPath: "\(pod.root)/proc")
        try ShimFiles.makeDirectory("\(pod.root)/proc")
        let volume = "\(pod.scratch)/volume"
        for directory in ["1", "self"] {
          try ShimFiles.makeDirectory("\(volume)/\(directory)")
          try ShimFiles.write("", "\(volume)/\(directory)/oom_score_adj")
        }
        var container = TestContainer("v", ["/bin/sleep", "60"])
        container.mounts = [.bind(BindMount(source: volume, target: "/proc")), .oomScoreAdjust(value: 444, optional: false)]
        guard case .spawned(let pid) = try pod.spawn(container).reply else { throw ShimTimeout(waitingFor: "spawn") }
        #expect(ShimFiles.text("/proc/\(pid)/oom_score_adj") == "444\n")
        #expect(ShimFiles.text("\(volume)/1/oom_score_adj").isEmpty)
      }
    }

    @Test("CVE-2021-30465: a mount target behind symlinks stays in the root")
    func targetSymlink() throws {
      try TestPod.with { pod in
        let (outside, volume) = ("\(pod.scratch)/outside", "\(pod.scratch)/volume")
        for path in [outside, volume] { try ShimFiles.makeDirectory(path) }
        try ShimFiles.write("volume\n", "\(volume)/file")
        try ShimFiles.symlink("\(pod.root)/absolute", to: outside)
        try ShimFiles.symlink("\(pod.root)/relative", to: "../../../../../../../..\(outside)")
        try ShimFiles.symlink("\(pod.root)/chain", to: "relative")
        let text = try pod.shell("cat /absolute/a/file /chain/b/file \(outside)/a/file; ls /dev/made") {
          $0.mounts = [
            .bind(BindMount(source: volume, target: "/absolute/a")), .bind(BindMount(source: volume, target: "/chain/b")),
            .makeDirectory(path: "/relative/c", mode: 0o755), .makeSymlink(target: "x", path: "/relative/d"),
            .makeNode(path: "/absolute/e", mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0),
            .makeNode(path: "/dev/made", mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0),
          ]
        }
        #expect(text == "volume\nvolume\nvolume\n/dev/made")
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
        #expect(ShimFiles.exists("\(pod.root)\(outside)/c"))
      }
    }

    @Test("CVE-2021-30465: not even when the target is exchanged for a symlink while it is mounted on")
    func racedTarget() throws {
      try TestPod.with { pod in
        let (outside, volume) = ("\(pod.scratch)/outside", "\(pod.scratch)/volume")
        for path in [outside, volume, "\(pod.root)/race/inside"] { try ShimFiles.makeDirectory(path) }
        try ShimFiles.symlink("\(pod.root)/link", to: outside)
        let (one, other) = ("\(pod.root)/race", "\(pod.root)/link")
        let done = DispatchSemaphore(value: 0)
        do {
          let flag = StopFlag()
          Thread.detachNewThread {
            // RENAME_EXCHANGE
            while !flag.isSet { _ = unsafe cl_renameat2(AT_FDCWD, one, AT_FDCWD, other, 2) }
            done.signal()
          }
          defer {
            flag.set()
            done.wait()
          }
          for round in 0..<60 {
            var container = TestContainer("c\(round)", ["/bin/true"])
            container.usualMounts = false
            container.mounts = (0..<10).map { .bind(BindMount(source: volume, target: "/race/made\(round)/\($0)")) }
            let answer = try pod.spawn(container)
            if case .spawned = answer.reply { _ = try pod.exit(of: container.id) }
          }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: volume).isEmpty)
      }
    }

    @Test("CVE-2025-31133: an image's own /dev/null neither masks anything nor is written through")
    func nullDevice() throws {
      try TestPod.with { pod in
        try ShimFiles.write("secret\n", "\(pod.root)/etc/secret")
        try ShimFiles.write("mine\n", "\(pod.root)/etc/mine")
        try ShimFiles.symlink("\(pod.root)/dev/null", to: "/etc/mine")
        let text = try pod.shell("cat /etc/secret; stat -c %F /etc/secret /dev/null; cat /etc/mine") {
          $0.usualMounts = false
          $0.mounts = [
            .mask(path: "/etc/secret"), .makeNode(path: "/dev/null", mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0),
          ]
        }
        #expect(text == "character special file\ncharacter special file\nmine")
        // Binding the host's null device takes a look at what it is.
        var container = TestContainer("c", ["/bin/true"])
        container.mounts = [.bind(BindMount(source: "\(pod.root)/etc/mine", target: "/dev/zero", requiredType: 0o020000))]
        #expect(try failure(try pod.spawn(container).reply).call == "fstat")
      }
    }

    @Test("CVE-2025-52565: a /dev/console that is a symlink is not mounted on")
    func console() throws {
      try TestPod.with { pod in
        try ShimFiles.makeDirectory("\(pod.root)/dev/pts")
        try ShimFiles.symlink("\(pod.root)/dev/console", to: "/proc/sys/kernel/core_pattern")
        var container = TestContainer("c", ["/bin/true"])
        container.usualMounts = false
        container.stdio = .terminal
        container.mounts = [
          .fileSystem(
            type: "devpts", source: "devpts", target: "/dev/pts", attributes: 10, options: ["newinstance", "ptmxmode=0666"]),
          .console,
        ]
        #expect(try failure(try pod.spawn(container).reply).errno == ELOOP)
        // A devpts that is none: the image's directory with a file named ptmx.
        try FileManager.default.removeItem(atPath: "\(pod.root)/dev/console")
        try ShimFiles.write("", "\(pod.root)/dev/pts/ptmx")
        container.mounts = [.console]
        let fake = try failure(try pod.spawn(container).reply)
        #expect(fake.detail == "/dev/pts/ptmx")
      }
    }

    @Test("CVE-2025-52881: a covered or linked /proc/sys does not divert what is written to the kernel")
    func divertedWrites() throws {
      try TestPod.with { pod in
        try pod.pause(network: try NetworkNamespace.create())
        let volume = "\(pod.scratch)/volume"
        try ShimFiles.makeDirectory("\(volume)/ipv4")
        try ShimFiles.write("fake\n", "\(volume)/ipv4/ip_forward")
        var container = TestContainer("c", ["/bin/sh", "-c", "cat /proc/sys/net/ipv4/ip_forward"])
        container.mounts = [
          .bind(BindMount(source: volume, target: "/proc/sys/net")), .sysctl(path: "net/ipv4/ip_forward", value: "1"),
        ]
        #expect(try pod.run(container).lines.map(\.content) == ["fake"])
        #expect(try pod.shell("cat /proc/sys/net/ipv4/ip_forward") == "1")
        #expect(ShimFiles.text("\(volume)/ipv4/ip_forward") == "fake\n")
        for path in ["../../etc/passwd", "/etc/passwd", "../self/attr/current"] {
          var container = TestContainer("e", ["/bin/true"])
          container.mounts = [.sysctl(path: path, value: "x")]
          #expect(try failure(try pod.spawn(container).reply).operation != 0xFFFF, "\(path)")
        }
        #expect(ShimFiles.text("\(pod.root)/etc/passwd").hasPrefix("root:"))
      }
    }

    @Test("CVE-2016-9962: a process in set-up shows nothing of itself to others in its pid namespace")
    func traceableSetup() throws {
      try TestPod.with { pod in
        try pod.pause()
        var victim = TestContainer("victim", ["/bin/true"])
        victim.sharesPID = true
        victim.awaitsStart = true
        _ = try pod.spawn(victim)
        let script = "cat /proc/2/comm; readlink /proc/2/fd/3 || echo a; readlink /proc/2/exe || echo b; ls /proc/2/root/ || echo c"
        let text = try pod.shell(script) {
          $0.sharesPID = true
          // As an ordinary container's root: all but CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH.
          let keep: UInt64 = 0xa804_25fb
          $0.settings = [
            .boundingCapabilities(keep: keep), .capabilities(effective: keep, permitted: keep, inheritable: 0),
            .ambientCapabilities(0),
          ]
        }
        let lines = text.split(separator: "\n").filter { !$0.contains(":") }
        #expect(lines.dropFirst() == ["a", "b", "c"])
        #expect(lines.first == "podshim")
      }
    }
  }
}

/// Tells a thread to stop.
private final class StopFlag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
