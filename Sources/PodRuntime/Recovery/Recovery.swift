import LinuxRuntime
import LinuxSystem
import Logging
import PodNetwork
public import RuntimeAPI
import ShimCore
import Synchronization

/// What a start found and repaired.
public struct RecoveryReport: Sendable {
  public var sandboxes = 0
  public var containers = 0
  /// What was left by an interrupted creation or removal, as sentences.
  public var repaired: [String] = []
  /// What could not be repaired, as sentences.
  public var problems: [String] = []
}

extension PodRuntime {
  /// How long a start waits for podshims: one that works answers in a millisecond, and a kubelet ends pods that are shown as not ready.
  static let recoveryTimeout = Duration.seconds(2)

  /// Takes over what an earlier agent left: every podshim that is on the node is asked what it has, or ended when no record explains it,
  /// before anything new can be started. Pods whose podshim does not answer in time are shown as not ready until it does. Call once,
  /// before serving.
  public func recover() async throws(RuntimeError) -> RecoveryReport {
    var report = RecoveryReport()
    await records.prepare()
    let found = try await readRecords(&report)
    warmUp()
    let links = adopt(found)
    await withTaskGroup { group in
      for (sandbox, link) in links { group.addTask { await self.takeOver(sandbox, link) } }
    }
    await removeStrangers(found, &report)
    await removeLeftovers(found, &report)
    let live = Set(state.withLock { $0.sandboxes.keys.map(\.rawValue) })
    if let network {
      do {
        let found = try await network.reconcile(liveOwners: live)
        report.repaired += found.sentences
        report.problems += found.failures.map { "\($0)" }
      } catch {
        report.problems.append("the pod network and its records could not be compared: \(error)")
      }
    }
    for problem in report.problems { logger.error("Not repaired", metadata: ["what": "\(problem)"]) }
    report.sandboxes = live.count
    report.containers = state.withLock { $0.containers.count }
    return report
  }

  /// Compiles the seccomp filters every first pod needs (20 ms each) while the agent starts.
  private func warmUp() {
    let seccomp = seccomp
    Task {
      await runBlocking {
        let names = (try? CapabilitySet.effective())?.names ?? []
        for capabilities in [[], names] { _ = try? seccomp.compile(SeccompProfile.runtimeDefault(capabilities: capabilities)) }
      }
    }
  }

  /// Makes the objects; returns the sandboxes whose podshim should live.
  private func adopt(_ found: FoundRecords) -> [(Sandbox, ShimLink)] {
    var links: [(Sandbox, ShimLink)] = []
    for record in found.sandboxes.values {
      let phase: SandboxMachine.Phase =
        switch found.sandboxStates[record.id]?.stopped {
        case .none: .unreached
        case .some(false): .ending
        case .some(true): .stopped
        }
      let sandbox = Sandbox(record, phase: phase, journal: journal)
      let containers = found.containers.values.filter { $0.sandboxID == record.id }.map { container in
        let state = found.containerStates[container.id]
        return Container(container, phase: Self.phase(state), state: state, journal: journal)
      }
      state.withLock { state in
        state.add(sandbox)
        for container in containers { state.add(container) }
      }
      guard phase != .stopped else {
        for container in containers { restoreExit(of: container) }
        continue
      }
      let link = makeLink(sandbox)
      sandbox.link = link
      links.append((sandbox, link))
    }
    return links
  }

  private static func phase(_ state: ContainerStateRecord?) -> ContainerMachine.Phase {
    guard let state else { return .created }
    if let end = state.end { return .exited(startedAt: state.startedAt, end) }
    return state.startedAt > 0 ? .running(startedAt: state.startedAt) : .created
  }

  /// Connects to a sandbox's podshim, and waits for it a little.
  private func takeOver(_ sandbox: Sandbox, _ link: ShimLink) async {
    link.connect()
    let inTime = await link.reached.wait(atMost: Self.recoveryTimeout)
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

  private func holdNamespace(of sandbox: Sandbox) async {
    guard !sandbox.record.usesHostNetwork, let link = sandbox.link else { return }
    do {
      // CLONE_NEWNET
      sandbox.namespace = try await link.call(.namespaces(flags: 0x4000_0000)).descriptors.first
    } catch {
      logger.warning("Network namespace not held", metadata: ["sandbox.id": "\(sandbox.id)", "error": "\(error)"])
    }
  }
}
