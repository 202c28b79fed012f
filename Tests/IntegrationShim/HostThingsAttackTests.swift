import Foundation
import Glibc
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  /// Things of the host that a container's root, without any capability beyond the default, must not get into its hands.
  @Suite("Attacks on what containers share with the host", .timeLimit(.minutes(5)))
  struct HostThingsAttackTests {
    private static func hostNull() -> stat {
      var status = stat()
      unsafe stat("/dev/null", &status)
      return status
    }

    @Test(
      "Neither standard input nor a masked file is the host's null device: changing them changes nothing", arguments: [true, false])
    func null(_ hasNullOfItsOwn: Bool) throws {
      try TestPod.with { pod in
        let host = Self.hostNull()
        // Looked at before it is attacked: a failing test must not break the node it runs on.
        let before = try pod.shell("stat -L -c '%d %i' /proc/self/fd/0 /etc/passwd") {
          $0.mounts = [.mask(path: "/etc/passwd")]
          if !hasNullOfItsOwn { $0.usualMounts = false }
          if !hasNullOfItsOwn { $0.mounts.append(TestContainer.usual[0]) }
        }
        try #require(before.split(separator: "\n").count == 2)
        try #require(before.split(separator: "\n").allSatisfy { $0 != "\(host.st_dev) \(host.st_ino)" })
        let script = "chmod 000 /etc/passwd || echo a; chmod 000 /proc/self/fd/0 || echo b; cat /etc/passwd; cat"
        let text = try pod.shell(script) {
          $0.mounts = [.mask(path: "/etc/passwd")]
          if !hasNullOfItsOwn { $0.usualMounts = false }
          if !hasNullOfItsOwn { $0.mounts.append(TestContainer.usual[0]) }
        }
        let refused = text.split(separator: "\n").map { String($0) }.filter { $0.count == 1 }
        #expect(refused == (hasNullOfItsOwn ? ["a"] : ["a", "b"]), "\(text)")
        let after = Self.hostNull()
        #expect(after.st_mode == host.st_mode && after.st_uid == host.st_uid)
      }
    }

    @Test("An exec gets the container's null device, whatever the agent passes")
    func execNull() throws {
      try TestPod.with { pod in
        _ = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"]))
        let host = Self.hostNull()
        let output = try LinuxSystem.Pipe()
        var exec = TestExec(
          container: "c", command: ["/bin/sh", "-c", "stat -L -c '%d %i' /proc/self/fd/0; readlink /proc/self/fd/0"])
        exec.settings = []
        _ = try pod.call(.spawn(exec.request()), [SharedDescriptor(try openNull()), try output.writeEnd(), try output.writeEnd()])
        output.closeWriteEnd()
        _ = try pod.exit(of: "exec")
        var text: [UInt8] = []
        while case let part = try readAvailable(output.readEnd), !part.isEmpty { text += part }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2 && lines[0] != "\(host.st_dev) \(host.st_ino)" && lines[1] == "/dev/null", "\(lines)")
      }
    }

    @Test("Every process has a session keyring of its own, not the agent's")
    func keyring() throws {
      try TestPod.with { pod in
        try pod.pause()
        // keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0), by the host's perl: busybox cannot.
        #if arch(arm64)
          let number = 219
        #else
          let number = 250
        #endif
        var rings: [Int] = []
        for round in 0..<3 {
          var container = TestContainer("k\(round)", ["/usr/bin/perl", "-e", "print syscall(\(number), 0, -3, 0), \"\\n\""])
          container.environment = ["PATH=/usr/bin"]
          container.root = .operation(.bindRoot(source: "/", at: pod.mountPoint))
          container.usualMounts = false
          container.awaitsStart = round == 1
          _ = try pod.spawn(container)
          if round == 1 { _ = try pod.call(.start(id: container.id)) }
          _ = try pod.exit(of: container.id)
          rings.append(try #require(Int(pod.log(container.id).first?.content ?? "")))
        }
        #expect(rings.allSatisfy { $0 > 0 } && Set(rings).count == 3, "\(rings)")
      }
    }

    @Test("A filter that forbids everything, exit_group too, ends the process and its request", arguments: [true, false])
    func deadlyFilter(_ noNewPrivileges: Bool) throws {
      try TestPod.with { pod in
        try pod.pause()
        var container = TestContainer("c", ["/bin/true"])
        // return SECCOMP_RET_ERRNO | EPERM
        container.settings = noNewPrivileges ? [.noNewPrivileges] : []
        container.settings.append(.seccomp(flags: 0, program: [6, 0, 0, 0, 1, 0, 5, 0]))
        container.lateDirectory = nil
        for shares in [false, true] {
          container.sharesPID = shares
          for waits in [false, true] {
            container.awaitsStart = waits
            guard case .failed(let failure) = try pod.spawn(container).reply else { throw ShimTimeout(waitingFor: "failure") }
            #expect(failure.call == "waitid" || failure.call == "clone", "\(failure)")
            #expect(eventuallyBlocking { (try? pod.list().map(\.id)) == [""] })
          }
        }
      }
    }

    @Test("A set-up that hangs is killed when its time is up, and its id is free again")
    func hangingSetup() throws {
      try TestPod.with { pod in
        guard let cgroup = try pod.makeCgroup("frozen") else { return }
        try ShimFiles.write("1", "\(cgroup)/cgroup.freeze")
        var container = TestContainer("c", ["/bin/true"])
        container.cgroup = cgroup
        var (request, descriptors) = try container.request(in: pod)
        request.setupMilliseconds = 200
        guard case .failed(let failure) = try pod.call(.spawn(request), descriptors).reply else {
          throw ShimTimeout(waitingFor: "failure")
        }
        #expect(failure.errno == ETIMEDOUT)
        #expect(eventuallyBlocking { ShimFiles.text("\(cgroup)/cgroup.procs").isEmpty })
        try ShimFiles.write("0", "\(cgroup)/cgroup.freeze")
        descriptors = []
        #expect(try pod.run(container).exit.exitCode == 0)
      }
    }
  }
}
