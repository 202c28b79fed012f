import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import Store
import TestSupport
import Testing

@testable import PodRuntime

/// A node that has run out of something.
@Suite("Scarcity", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct ScarcityTests {
  /// Takes every descriptor number there is.
  /// - Returns: gives them back.
  private static func takeDescriptors() -> () -> Void {
    var before = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
    let highest = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }.max()) ?? 1000
    var small = rlimit(rlim_cur: UInt(highest) + 1, rlim_max: before.rlim_max)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &small)
    var taken: [Int32] = []
    while true {
      let next = unsafe open("/dev/null", O_RDONLY)
      if next < 0 { break }
      taken.append(next)
    }
    return {
      for descriptor in taken { close(descriptor) }
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
    }
  }

  @Test("An agent that starts without its database and without free file descriptors makes no pod a second time")
  func descriptorsAndDatabase() async throws {
    try await RuntimeFixture.with { fixture in
      let (config, sandbox, id) = try await fixture.runningPod()
      let pid = try await fixture.runtime.container(id).machine.pid
      let network = try await fixture.forgetEverything()
      let successor = try await fixture.successor(recovers: false, network: network) { Self.takeDescriptors() }
      // Waits until what there is has been seen.
      #expect(try await successor.runPodSandbox(config, handler: "") == sandbox)
      #expect(try await successor.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config) == id)
      #expect(try await successor.containerStatus(id, verbose: false).status.pid == pid && kill(pid, 0) == 0)
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test("An agent that starts without free file descriptors kills no pod, and reaches them when there are some")
  func descriptors() async throws {
    try await RuntimeFixture.with { fixture in
      let (_, sandbox, id) = try await fixture.runningPod()
      let pid = try await fixture.runtime.container(id).machine.pid
      let successor = try await fixture.successor { Self.takeDescriptors() }
      #expect(kill(pid, 0) == 0, "the container was killed")
      #expect(try await eventually { try await successor.podSandboxStatus(sandbox, verbose: false).status.state == .ready })
      #expect(try await successor.containerStatus(id, verbose: false).status.state == .running)
      #expect(kill(pid, 0) == 0)
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test("A pod that filled the disk can be removed, and that frees it")
  func disk() async throws {
    try await RuntimeFixture.with(diskMegabytes: 16) { fixture in
      let runtime = fixture.runtime
      let (config, sandbox, id) = try await fixture.runningPod()
      #expect(try await runtime.execSync(id, command: ["/payload", "fill", "/big", "64"], timeout: 60).exitCode != 0)
      // Nothing is left for the database either.
      let filler = "\(fixture.base)/root/filler"
      let file = unsafe open(filler, O_WRONLY | O_CREAT, 0o600)
      let block = [UInt8](repeating: 1, count: 4096)
      while unsafe write(file, block, block.count) > 0 {}
      close(file)
      #expect(throws: (any Error).self) {
        try fixture.store.transaction { transaction in
          for number in 0..<200 { try runtime.records.containers.put(id: "x\(number)", bytes: block, in: transaction) }
        }
      }
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
      unsafe unlink(filler)
      let again = try await runtime.runPodSandbox(config, handler: "")
      try await runtime.removePodSandbox(again)
    }
  }
}
