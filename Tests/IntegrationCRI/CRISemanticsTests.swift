import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import Testing
import TestSupport

/// What crictl and critest showed about the agent.
@Suite("CRI clients find", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct CRISemanticsTests {
  @Test("that a command's background processes go on in the container and end with it")
  func background() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      // Longer than the call may take: it waits for neither.
      _ = try await agent.exec(id, "sleep 4711 >/dev/null 2>&1 &")
      #expect(try await agent.exec(id, "sleep 4712 & echo said") == "said")
      #expect(try await agent.exec(id, "ps | grep -c '[s]leep 471'") == "2")
      try await agent.runtime.stopContainer(id, timeout: 0)
      let other = try await agent.start("other")
      #expect(try await agent.exec(other, "ps | grep -c '[s]leep 471'") == "0")
    }
  }

  @Test("that a caller who gives up does not shorten the grace period")
  func givingUp() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done")
      let log = "\(agent.base)/logs/c.log"
      let ready = await eventually { (try? String(contentsOfFile: log, encoding: .utf8))?.contains("ready") ?? false }
      #expect(ready)
      let stop = Task { try await agent.runtime.stopContainer(id, timeout: 100) }
      let asked = await eventually { (try? String(contentsOfFile: log, encoding: .utf8))?.contains("asked") ?? false }
      #expect(asked)
      stop.cancel()
      await #expect(throws: (any Error).self) { try await stop.value }
      try await Task.sleep(for: .milliseconds(300))
      #expect(try await agent.runtime.containerStatus(id, verbose: false).status.state == .running)
      try await agent.runtime.stopContainer(id, timeout: 0)
      #expect(try await agent.runtime.containerStatus(id, verbose: false).status.exitCode == 137)
    }
  }

  @Test("that names of what has stopped are taken until it is removed")
  func takenNames() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      #expect(try await agent.create("c") == id)
      // The same name with another content is another container: it is not passed off as the old one.
      #expect(await code { _ = try await agent.create("c", "exec sleep 2000") } == .alreadyExists)
      #expect(await code { _ = try await agent.create("c") { $0.labels = ["a": "b"] } } == .alreadyExists)
      try await agent.runtime.stopContainer(id, timeout: 0)
      #expect(await code { _ = try await agent.create("c") } == .alreadyExists)
      try await agent.runtime.removeContainer(id)
      #expect(try await agent.create("c") != id)
      #expect(try await agent.runtime.runPodSandbox(agent.sandboxConfig, handler: "") == agent.sandbox)
      var other = agent.sandboxConfig
      other.hostname = "another"
      #expect(await code { _ = try await agent.runtime.runPodSandbox(other, handler: "") } == .alreadyExists)
      try await agent.runtime.stopPodSandbox(agent.sandbox)
      #expect(await code { _ = try await agent.runtime.runPodSandbox(agent.sandboxConfig, handler: "") } == .alreadyExists)
    }
  }

  @Test("that a pid target must be a running container of the same sandbox, whose processes are then seen")
  func target() async throws {
    try await RuntimeAgent.with { agent in
      func join(_ target: String) -> (inout ContainerConfig) -> Void {
        { config in
          config.securityContext.namespaces.pid = .target
          config.securityContext.namespaces.targetID = target
        }
      }
      #expect(await code { _ = try await agent.create("lost", change: join("nothing")) } == .failedPrecondition)
      let id = try await agent.create("c") { $0.securityContext.namespaces.pid = .container }
      #expect(await code { _ = try await agent.create("early", change: join(id.rawValue)) } == .failedPrecondition)
      try await agent.runtime.startContainer(id)
      let debugger = try await agent.start("debugger", change: join(id.rawValue))
      #expect(try await agent.exec(debugger, "tr '\\0' ' ' </proc/1/cmdline").contains("sleep 1000"))
    }
  }

  @Test("that volumes are the host's: missing ones are made, later mounts and bidirectional ones are seen")
  func volumes() async throws {
    try await RuntimeAgent.with({ $0.securityContext.privileged = true }) { agent in
      let volume = "\(agent.base)/volume"
      try FileManager.default.createDirectory(atPath: "\(volume)/inner", withIntermediateDirectories: true)
      #expect(
        await code {
          _ = try await agent.create("private") {
            $0.mounts = [Mount(containerPath: "/v", hostPath: volume, propagation: .bidirectional)]
          }
        } == .failedPrecondition)
      // Mounted after podshim's start, shared as a volume plugin does it.
      #expect(unsafe mount(volume, volume, nil, UInt(MS_BIND), nil) == 0)
      defer { unsafe umount2(volume, Int32(MNT_DETACH)) }
      #expect(unsafe mount(nil, volume, nil, UInt(MS_SHARED), nil) == 0)
      let id = try await agent.start("c") {
        $0.securityContext.privileged = true
        $0.mounts = [
          Mount(containerPath: "/v", hostPath: volume, propagation: .bidirectional),
          Mount(containerPath: "/made", hostPath: "\(agent.base)/missing/deep"),
        ]
      }
      #expect(
        try await agent.exec(id, "touch /made/file && mount -t tmpfs none /v/inner && touch /v/inner/file && echo ok") == "ok")
      #expect(FileManager.default.fileExists(atPath: "\(agent.base)/missing/deep/file"))
      #expect(FileManager.default.fileExists(atPath: "\(volume)/inner/file"))
      #expect(unsafe umount2("\(volume)/inner", Int32(MNT_DETACH)) == 0)
      #expect(try await agent.exec(id, "ls /v/inner") == "")
    }
  }

  @Test("that the parent cgroup they name stands as they said it, whatever the agent's own root is, and goes with its last pod")
  func cgroupParent() async throws {
    let parent = "/swiftlet-test-parent-\(getpid())/deeper"
    var directory = ""
    try await RuntimeAgent.with({ $0.cgroupParent = parent }) { agent in
      let info = try await agent.runtime.podSandboxStatus(agent.sandbox, verbose: true).info["info"] ?? ""
      #expect(info.contains("\"cgroupPath\":\"\(parent)/\(agent.sandbox)\""), "\(info)")
      let id = try await agent.start("c")
      directory = try #require(HostState.cgroupMount) + parent
      #expect(FileManager.default.fileExists(atPath: "\(directory)/\(id)"))
    }
    #expect(!FileManager.default.fileExists(atPath: directory))
    unsafe rmdir(String(directory.dropLast("/deeper".count)))
  }

  @Test("the node's name in HOSTNAME when the sandbox has none")
  func hostname() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let name = try await agent.exec(id, "hostname")
      #expect(try await agent.exec(id, "echo $HOSTNAME") == name)
    }
  }

  @Test("ports below 1024 open to everybody in the pod's network, unless the node or the pod says otherwise")
  func lowPorts() async throws {
    let read = "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      #expect(try await agent.exec(id, read) == "0")
    }
    try await RuntimeAgent.with(arguments: ["--no-unprivileged-ports"]) { agent in
      let id = try await agent.start("c")
      #expect(try await agent.exec(id, read) == "1024")
    }
    try await RuntimeAgent.with({ $0.sysctls = ["net.ipv4.ip_unprivileged_port_start": "1024"] }) { agent in
      let id = try await agent.start("c")
      #expect(try await agent.exec(id, read) == "1024")
    }
  }

  @Test("more volumes than one message of a unix socket once carried are all there, each at its place")
  func manyVolumes() async throws {
    try await RuntimeAgent.with { agent in
      for number in 0..<60 {
        let directory = "\(agent.base)/volumes/\(number)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("\(number)".utf8).write(to: URL(fileURLWithPath: "\(directory)/number"))
      }
      let id = try await agent.start("c") {
        $0.mounts = (0..<60).map { Mount(containerPath: "/v\($0)", hostPath: "\(agent.base)/volumes/\($0)") }
      }
      let numbers = try await agent.exec(id, "i=0; while [ $i -lt 60 ]; do echo $(cat /v$i/number); i=$((i+1)); done")
      let expected = (0..<60).map { "\($0)" }.joined(separator: "\n")
      #expect(numbers == expected)
    }
  }

  @Test("mounts on one place lie on each other, and a directory on a file is refused in plain words")
  func mountPlaces() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c") {
        $0.mounts = [Mount(containerPath: "/m", hostPath: "/usr"), Mount(containerPath: "/m", hostPath: "/proc/sys")]
      }
      #expect(try await agent.exec(id, "ls -d /m/kernel") == "/m/kernel")
      var message = ""
      do {
        _ = try await agent.create("wrong") { $0.mounts = [Mount(containerPath: "/etc/passwd", hostPath: "/usr")] }
      } catch let error as RuntimeError { message = error.message }
      #expect(message.contains("a directory cannot be mounted on a file"))
    }
  }
}
