import Foundation
import RuntimeAPI
import Testing

@Suite("Limits on a node with every cgroup v2 controller", .serialized)
struct LimitTests {
  @Test("a container over its memory limit is OOMKilled, and says so", .timeLimit(.minutes(5)))
  func memoryLimit() async throws {
    try await NodeAgent.with { agent in
      try agent.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hog}
        spec:
          restartPolicy: Never
          containers:
            - name: hog
              image: localhost/payload:latest
              imagePullPolicy: Never
              args: [memhog, "200"]
              resources: {limits: {memory: 48Mi}}
        """, as: "hog")
      let status = try await agent.container("hog", .exited)
      #expect(status.reason == "OOMKilled")
      #expect(status.exitCode == 137)
    }
  }

  @Test("limits become cgroup files: memory.max, cpu.max, cpu.weight, pids.max, memory.oom.group", .timeLimit(.minutes(5)))
  func files() async throws {
    try await NodeAgent.with(config: "podPidsLimit: 64\n") { agent in
      try agent.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: limited}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
            - name: limited
              image: localhost/busybox:latest
              imagePullPolicy: Never
              command: [sleep, "3600"]
              resources:
                requests: {cpu: 100m, memory: 32Mi}
                limits: {cpu: 200m, memory: 64Mi}
        """, as: "limited")
      let status = try await agent.container("limited", .running)
      #expect(try agent.cgroupFile(status, "memory.max").text == "\(64 << 20)")
      #expect(try agent.cgroupFile(status, "cpu.max").text == "20000 100000")
      #expect(try agent.cgroupFile(status, "memory.oom.group").text == "1")
      let path = try agent.cgroupFile(status, "cpu.max").path
      #expect(path.hasPrefix("burstable/pod"))
      let pod = path.split(separator: "/").dropLast().joined(separator: "/")
      #expect(agent.cgroupText("\(pod)/pids.max") == "64")
      #expect(agent.cgroupText("\(pod)/memory.max") == "\(64 << 20)")
      #expect(agent.cgroupText("\(pod)/cpu.max") == "20000 100000")
      // 100m are 102 shares; the kubelet's own linear rule for pod cgroups.
      #expect(agent.cgroupText("\(pod)/cpu.weight") == "4")
    }
  }

  @Test("no container swaps, also without a memory limit; all pods together leave processes for the node", .timeLimit(.minutes(5)))
  func swap() async throws {
    try await NodeAgent.with { agent in
      try agent.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: free}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
            - {name: free, image: localhost/busybox:latest, imagePullPolicy: Never, command: [sleep, "3600"]}
        """, as: "free")
      let status = try await agent.container("free", .running)
      #expect(try agent.cgroupFile(status, "memory.swap.max").text == "0")
      #expect(try agent.cgroupFile(status, "memory.max").text == "max")
      let pids = try #require(Int(agent.cgroupText("pids.max")))
      let most = try #require(Int(String(contentsOfFile: "/proc/sys/kernel/pid_max", encoding: .utf8).prefix { $0.isNumber }))
      #expect(pids > 0 && pids <= most - 1000)
    }
  }

  @Test("a pod cannot have more processes than podPidsLimit", .timeLimit(.minutes(5)))
  func processes() async throws {
    try await NodeAgent.with(config: "podPidsLimit: 20\n") { agent in
      try agent.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: forks}
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers:
            - name: forks
              image: localhost/payload:latest
              imagePullPolicy: Never
              args: [forkbomb, "100"]
        """, as: "forks")
      let status = try await agent.container("forks", .exited)
      let text = try String(contentsOfFile: status.logPath, encoding: .utf8)
      #expect(text.contains("EAGAIN"), "\(text)")
    }
  }

  @Test("pods stand in the QoS tree: Guaranteed at its root, BestEffort with the smallest weight", .timeLimit(.minutes(5)))
  func qualityOfService() async throws {
    try await NodeAgent.with { agent in
      for (name, resources) in [("best", ""), ("sure", "resources: {limits: {cpu: 100m, memory: 64Mi}}")] {
        try agent.apply(
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: \(name)}
          spec:
            terminationGracePeriodSeconds: 1
            containers:
              - name: \(name)
                image: localhost/busybox:latest
                imagePullPolicy: Never
                command: [sleep, "3600"]
                \(resources)
          """, as: name)
      }
      let best = try agent.cgroupFile(try await agent.container("best", .running), "cgroup.procs").path
      let sure = try agent.cgroupFile(try await agent.container("sure", .running), "cgroup.procs").path
      #expect(best.hasPrefix("besteffort/pod"))
      #expect(sure.hasPrefix("pod"))
      #expect(agent.cgroupText(best.split(separator: "/").dropLast().joined(separator: "/") + "/cpu.weight") == "1")
      // All BestEffort pods together weigh less than one small pod that asked for CPU.
      #expect(agent.cgroupText("besteffort/cpu.weight") == "1")
      let guaranteed = try #require(
        Int(agent.cgroupText(sure.split(separator: "/").dropLast().joined(separator: "/") + "/cpu.weight")))
      #expect(guaranteed > 1)
    }
  }
}
