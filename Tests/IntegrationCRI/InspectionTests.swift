import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import Testing
import TestSupport

/// What tools read out of statuses: crictl's `inspect`, `inspectp` and whoever enters a pod's namespaces by them.
@Suite("Inspecting shows", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct InspectionTests {
  @Test("where the namespaces of a pod and its container are, as paths that lead there")
  func namespaces() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let own = try await agent.exec(id, "readlink /proc/self/ns/net")
      let pod = try await Self.info(agent.runtime.podSandboxStatus(agent.sandbox, verbose: true).info)
      let container = try await Self.info(agent.runtime.containerStatus(id, verbose: true).info)
      for info in [pod, container] {
        let path = try #require(Self.namespace("network", info), "\(info)")
        #expect(path.hasPrefix("/proc/"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == own)
        #expect(own != (try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")))
      }
      #expect(pod["processStatus"] as? String == "running" && pod["netNamespaceClosed"] as? Bool == false)
      #expect(container["snapshotKey"] as? String == id.rawValue && container["sandboxID"] as? String == agent.sandbox.rawValue)
      let pid = try #require(container["pid"] as? Int)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net") == own)
      // Nothing that ran has namespaces to show.
      try await agent.runtime.stopContainer(id, timeout: 0)
      let stopped = try await Self.info(agent.runtime.containerStatus(id, verbose: true).info)
      #expect(stopped["pid"] as? Int == 0)
    }
  }

  @Test("what was asked for: the log directory of the pod, the resources of the container, in the CRI's words")
  func configuration() async throws {
    try await RuntimeAgent.with { agent in
      let resources = LinuxResources(cpuShares: 204, oomScoreAdjust: 900)
      let id = try await agent.create("c") { $0.resources = resources }
      let pod = try await Self.info(agent.runtime.podSandboxStatus(agent.sandbox, verbose: true).info)
      let config = try #require(pod["config"] as? [String: Any])
      #expect(config["log_directory"] as? String == "\(agent.base)/logs")
      let status = try await agent.runtime.containerStatus(id, verbose: false).status
      #expect(status.resources == resources)
      #expect(status.logPath == "\(agent.base)/logs/c.log")
      // A kubelet reads what a container without any has, too: absent would mean that the runtime cannot tell.
      let plain = try await agent.create("plain")
      #expect(try await agent.runtime.containerStatus(plain, verbose: false).status.resources == LinuxResources())
    }
  }

  @Test("the containers of a sandbox together with it, and when that was, so that one call tells all of a pod")
  func together() async throws {
    try await RuntimeAgent.with { agent in
      let before = Self.now()
      let running = try await agent.start("running")
      let ended = try await agent.start("ended", "exit 3")
      #expect(
        try await eventually { try await agent.runtime.containerStatus(ended, verbose: false).status.state == .exited })
      let status = try await agent.runtime.podSandboxStatus(agent.sandbox, verbose: false).status
      #expect(status.timestamp >= before && status.timestamp <= Self.now())
      #expect(Set(status.containers.map(\.id)) == [running, ended])
      for container in status.containers {
        #expect(container == (try await agent.runtime.containerStatus(container.id, verbose: false).status))
      }
      #expect(status.containers.first { $0.id == ended }?.exitCode == 3)
    }
  }

  private static func info(_ info: [String: String]) throws -> [String: Any] {
    let text = try #require(info["info"])
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  private static func namespace(_ type: String, _ info: [String: Any]) -> String? {
    let linux = (info["runtimeSpec"] as? [String: Any])?["linux"] as? [String: Any]
    let namespaces = linux?["namespaces"] as? [[String: Any]] ?? []
    return namespaces.first { $0["type"] as? String == type }?["path"] as? String
  }

  /// CLOCK_REALTIME, nanoseconds.
  private static func now() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
