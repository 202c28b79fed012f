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
  /// Takes over what an earlier agent left. When this returns, every pod that a record explains is known, and calls may come; the task ends
  /// when every podshim has answered, or is shown as not ready until it does. Until then a call about a pod waits for that pod's podshim, a
  /// list for all of them, and RunPodSandbox until what no record explains has ended. Call once, before serving.
  public func recover() async throws(RuntimeError) -> Task<RecoveryReport, Never> {
    var report = RecoveryReport()
    await records.prepare()
    let found = try await readRecords(&report)
    warmUp()
    let links = adopt(found)
    // Without a look at the state directory nobody knows what is missing here: it waits, and new pods with it.
    let rest = found.directories == nil ? nil : await settle(found, &report)
    let sofar = report
    return Task { await finish(links, rest, sofar) }
  }

  /// What is to be ended and removed.
  private func settle(_ found: FoundRecords, _ report: inout RecoveryReport) async -> ([Stranger], Leftovers) {
    await settleRows(of: found, &report)
    await recoverNetwork(found, &report)
    return (await findStrangers(found, &report), await findLeftovers(found, &report))
  }

  private func finish(
    _ links: [(Sandbox, ShimLink)], _ rest: ([Stranger], Leftovers)?, _ report: RecoveryReport
  ) async -> RecoveryReport {
    var report = report
    async let taken: Void = takeOverKnown(links)
    var late: [(Sandbox, ShimLink)] = []
    let (strangers, leftovers): ([Stranger], Leftovers)
    if let rest {
      (strangers, leftovers) = rest
    } else {
      let found = await lookAgain(&report)
      late = adopt(found.without(state.withLock { Set($0.sandboxes.keys) }))
      (strangers, leftovers) = await settle(found, &report)
    }
    async let lateTaken: Void = takeOver(late)
    await end(strangers, &report)
    strangersEnded.open()
    await remove(leftovers, &report)
    await taken
    await lateTaken
    (report.sandboxes, report.containers) = state.withLock { ($0.sandboxes.count, $0.containers.count) }
    logger.info("Took over", metadata: ["sandboxes": "\(report.sandboxes)", "containers": "\(report.containers)"])
    for problem in report.problems { logger.error("Not repaired", metadata: ["what": "\(problem)"]) }
    for sentence in report.repaired { logger.notice("Repaired", metadata: ["what": "\(sentence)"]) }
    return report
  }

  /// Until it has seen what there is: a node without free descriptors, or a disk that does not answer, gets better or needs a person.
  private func lookAgain(_ report: inout RecoveryReport) async -> FoundRecords {
    var pause = Duration.milliseconds(50)
    while true {
      try? await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(10))
      var attempt = RecoveryReport()
      if let found = try? await readRecords(&attempt), found.directories != nil {
        report.repaired += attempt.repaired
        report.problems += attempt.problems
        return found
      }
    }
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
      sandbox.resources = found.sandboxResources[record.id] ?? SandboxResourcesRecord()
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
        sandbox.settled.open()
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

  /// Kernel and records of the network, before anybody is given an address.
  private func recoverNetwork(_ found: FoundRecords, _ report: inout RecoveryReport) async {
    var others: Set<String> = []
    if let cni {
      do {
        others = try await runBlocking { () throws(PodNetworkError) in try cni.owners() }
        report.repaired += try await cni.reconcile(liveOwners: Set(found.sandboxes.keys.map(\.rawValue))).sentences
      } catch {
        report.problems.append("the networks of plugins and their records could not be compared: \(error)")
      }
    }
    guard let network else { return }
    if let directories = found.directories {
      let pods = found.sandboxes.values.filter { record in
        directories.contains(record.id) && !record.usesHostNetwork && found.sandboxStates[record.id]?.stopped != true
          && !others.contains(record.id.rawValue)
      }
      let (restored, problems) = await network.restore(pods.map(Self.networkOwner))
      report.problems += problems
      for pod in restored {
        do {
          try await records.releasing { try network.writeDown(pod) }
          report.repaired.append("wrote down the network of sandbox \(pod.owner) again")
        } catch {
          report.problems.append("the network of sandbox \(pod.owner) is not written down: \(error)")
        }
      }
    }
    do {
      let compared = try await network.reconcile(liveOwners: Set(found.sandboxes.keys.map(\.rawValue)))
      report.repaired += compared.sentences
      report.problems += compared.failures
    } catch {
      report.problems.append("the pod network and its records could not be compared: \(error)")
    }
  }

  private static func networkOwner(_ record: SandboxRecord) -> NetworkOwner {
    NetworkOwner(
      owner: record.id.rawValue, addresses: record.addresses, portMappings: hostPorts(record.config), createdAt: record.createdAt)
  }
}
