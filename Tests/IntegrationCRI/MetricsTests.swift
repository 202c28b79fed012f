import AgentSupport
import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import TestSupport
import Testing

/// The metrics that a kubelet shows as its own, and the statistics it evicts by.
@Suite("Metrics and statistics", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct MetricsTests {
  @Test("of a pod with a container have a value for every descriptor, with as many labels as it has keys")
  func complete() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c", "exec sleep 1000 <>/dev/null 5</dev/null")
      let descriptors = try await agent.runtime.listMetricDescriptors()
      #expect(descriptors.count >= 50)
      let pod = try #require(try await agent.runtime.listPodSandboxMetrics().first { $0.id == agent.sandbox })
      let container = try #require(pod.containers.first { $0.id == id })
      for descriptor in descriptors where descriptor.name != "container_hugetlb_usage_bytes" {
        let found = (pod.metrics + container.metrics).filter { $0.name == descriptor.name }
        #expect(!found.isEmpty, "\(descriptor.name)")
        #expect(found.allSatisfy { $0.labelValues.count == descriptor.labelKeys.count && $0.timestamp > 0 }, "\(found)")
      }
      func value(_ name: String) -> UInt64? { container.metrics.first { $0.name == "container_\(name)" }?.value }
      #expect(value("processes") == 1 && value("threads") == 1)
      // Its three streams, and what the shell opened.
      #expect(try #require(value("file_descriptors")) >= 4)
      #expect(try #require(value("memory_usage_bytes")) > 0 && value("spec_cpu_shares") == 1024)
      #expect(try #require(value("fs_limit_bytes")) > 0 && value("ulimits_soft") ?? 0 > 0)
      #expect(container.metrics.first?.labelValues == ["cri", "default", "c", id.rawValue, "localhost/busybox:latest"])
      #expect(pod.metrics.allSatisfy { $0.labelValues.last == "eth0" } && pod.metrics.count == 8)
      // What is not running has none.
      try await agent.runtime.stopContainer(id, timeout: 0)
      #expect(try await agent.runtime.listPodSandboxMetrics().first { $0.id == agent.sandbox }?.containers.isEmpty == true)
      try await agent.runtime.stopPodSandbox(agent.sandbox)
      #expect(try await agent.runtime.listPodSandboxMetrics().isEmpty)
    }
  }

  @Test("of a pod's network count what its containers sent")
  func traffic() async throws {
    try await RuntimeAgent.with { agent in
      func sent() async throws -> UInt64 {
        let pod = try #require(try await agent.runtime.listPodSandboxMetrics().first)
        return try #require(pod.metrics.first { $0.name == "container_network_transmit_packets_total" }).value
      }
      let before = try await sent()
      let id = try await agent.start("c")
      _ = try await agent.exec(id, "ping -c 3 -W 5 \(agent.agent.gateway)")
      #expect(try await sent() >= before + 3)
    }
  }

  @Test("of the CPU have a rate from the second look on; an exited container keeps what it wrote and has no CPU")
  func statistics() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c", "dd if=/dev/zero of=/file bs=1M count=2 2>/dev/null; while :; do :; done")
      #expect(try await agent.runtime.containerStats(id).cpu?.usageNanoCores == nil)
      let hasRate = try await eventually { (try await agent.runtime.containerStats(id).cpu?.usageNanoCores ?? 0) > 0 }
      #expect(hasRate)
      let wrote = try await eventually {
        (try await agent.runtime.containerStats(id).writableLayer?.usedBytes ?? 0) >= 2 << 20
      }
      #expect(wrote)
      let pod = try await agent.runtime.podSandboxStats(agent.sandbox)
      #expect(try #require(pod.processCount) >= 2 && pod.interfaces.first?.name == "eth0" && pod.containers.map(\.id) == [id])
      try await agent.runtime.stopContainer(id, timeout: 0)
      let exited = try await agent.runtime.containerStats(id)
      #expect(exited.cpu == nil && exited.memory == nil && (exited.writableLayer?.usedBytes ?? 0) >= 2 << 20)
      try await agent.runtime.stopPodSandbox(agent.sandbox)
      #expect(await code { _ = try await agent.runtime.podSandboxStats(agent.sandbox) } == .failedPrecondition)
    }
  }
}
