import LinuxSystem
import Logging
import RuntimeAPI
import ShimCore

/// Asks every podshim of an earlier agent what it has. They are asked side by side: one that is stopped or hangs costs its own pod only.
extension PodRuntime {
  /// Those whose records were found at once; lists wait for them.
  func takeOverKnown(_ links: [(Sandbox, ShimLink)]) async {
    await takeOver(links)
    recovered.open()
  }

  func takeOver(_ links: [(Sandbox, ShimLink)]) async {
    await withTaskGroup { group in
      for (sandbox, link) in links { group.addTask { await self.takeOver(sandbox, link) } }
    }
  }

  private func takeOver(_ sandbox: Sandbox, _ link: ShimLink) async {
    link.connect()
    let inTime = await answers(link, directory: settings.sandboxDirectory(sandbox.id.rawValue))
    sandbox.settled.open()
    if inTime { return await holdNamespace(of: sandbox) }
    logger.error(
      "podshim does not answer; the pod is shown as not ready until it does",
      metadata: ["sandbox.id": "\(sandbox.id)", "pid": "\(link.pid)"])
    Task { [self] in
      await link.reached.wait()
      await holdNamespace(of: sandbox)
      logger.notice("podshim was reached", metadata: ["sandbox.id": "\(sandbox.id)"])
    }
  }

  /// Whether podshim answers, or has ended, while there is hope: one that somebody stopped will not soon, and one that waits for a disk
  /// for a second will not either.
  private func answers(_ link: ShimLink, directory: String) async -> Bool {
    let deadline = ContinuousClock.now + settings.podshimPatience
    var (pause, stuck) = (Duration.milliseconds(50), 0)
    while ContinuousClock.now < deadline {
      if await link.reached.wait(atMost: pause) { return true }
      let state = await runBlocking { ShimProcess.state(directory: directory) }
      switch state {
      case .stopped: stuck += 2
      case .waitingForDisk: stuck += 1
      case .other: stuck = 0
      }
      if stuck >= 4 { return false }
      pause = min(pause * 2, .seconds(1))
    }
    return false
  }

  private func holdNamespace(of sandbox: Sandbox) async {
    guard !sandbox.record.usesHostNetwork, let link = sandbox.link else { return }
    do {
      // CLONE_NEWNET
      sandbox.namespace = try await link.call(.namespaces(flags: Namespace.net)).descriptors.first
    } catch {
      logger.warning("Network namespace not held", metadata: ["sandbox.id": "\(sandbox.id)", "error": "\(error)"])
    }
  }
}
