package import CRIClient
package import RuntimeAPI

/// Makes and removes the pods that are measured.
package struct Pods: Sendable {
  package struct Pod: Sendable {
    let made: KubeletPod
    package let sandbox: SandboxID
    package let container: ContainerID?
  }

  package let runtime: RemoteRuntime
  let work: Workload
  /// Keeps the names of two runs apart.
  let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)

  package init(runtime: RemoteRuntime, work: Workload) { (self.runtime, self.work) = (runtime, work) }

  package func create(_ index: Int, _ timings: inout Timings) async throws -> Pod {
    let pod = KubeletPod(name: "bench-\(run)-\(index)", run: run, work: work)
    try pod.prepare()
    let (config, containerConfig) = (pod.sandbox, pod.container)
    let start = ContinuousClock.now
    let sandbox = try await timings.measure("RunPodSandbox") { () async throws(RuntimeError) in
      try await runtime.runPodSandbox(config, handler: "")
    }
    var container: ContainerID?
    if !work.pauseOnly {
      let id = try await timings.measure("CreateContainer") { () async throws(RuntimeError) in
        try await runtime.createContainer(containerConfig, in: sandbox, sandboxConfig: config)
      }
      try await timings.measure("StartContainer") { () async throws(RuntimeError) in try await runtime.startContainer(id) }
      container = id
    }
    timings.add("pod start (all of the above)", ContinuousClock.now - start)
    return Pod(made: pod, sandbox: sandbox, container: container)
  }

  package func exec(_ pod: Pod, _ timings: inout Timings) async throws {
    guard let container = pod.container else { return }
    let result = try await timings.measure("ExecSync /bin/true") { () async throws(RuntimeError) in
      try await runtime.execSync(container, command: ["/bin/true"], timeout: 10)
    }
    guard result.exitCode == 0 else {
      throw RuntimeError(.unknown, "/bin/true exited with \(result.exitCode): \(String(decoding: result.stderr, as: UTF8.self))")
    }
  }

  package func remove(_ pod: Pod, _ timings: inout Timings) async throws {
    let start = ContinuousClock.now
    if let container = pod.container {
      try await timings.measure("StopContainer") { () async throws(RuntimeError) in
        try await runtime.stopContainer(container, timeout: 0)
      }
    }
    try await timings.measure("StopPodSandbox") { () async throws(RuntimeError) in try await runtime.stopPodSandbox(pod.sandbox) }
    try await timings.measure("RemovePodSandbox") { () async throws(RuntimeError) in
      try await runtime.removePodSandbox(pod.sandbox)
    }
    timings.add("pod stop + remove", ContinuousClock.now - start)
    try pod.made.cleanUp()
  }

  /// After a failure: whatever this run made, found by its label.
  package func removeLeftovers() async {
    guard let left = try? await runtime.listPodSandboxes(SandboxFilter(labels: ["bench": run])) else { return }
    for sandbox in left {
      try? await runtime.stopPodSandbox(sandbox.id)
      try? await runtime.removePodSandbox(sandbox.id)
      try? KubeletPod(name: sandbox.metadata.name, run: run, work: work).cleanUp()
    }
  }
}
