import Cgroups
import LinuxSystem
import Logging
import RuntimeAPI
import ShimCore
import Synchronization

/// What podshims report becomes facts in the state machines. Called on the descriptor thread, in the order of the connection.
extension PodRuntime {
  /// The tie to a sandbox's podshim, whose reports arrive here.
  func makeLink(_ sandbox: Sandbox) -> ShimLink {
    ShimLink(
      directory: settings.sandboxDirectory(sandbox.id.rawValue),
      handlers: .init(
        event: { [weak self, weak sandbox] event in if let sandbox { self?.handle(event, of: sandbox) } },
        listed: { [weak self, weak sandbox] entries in if let sandbox { self?.handle(entries, of: sandbox) } },
        died: { [weak self, weak sandbox] in if let sandbox { self?.shimDied(of: sandbox) } }),
      logger: logger)
  }

  private func handle(_ event: ShimEvent, of sandbox: Sandbox) {
    switch event {
    case .exited(let exit):
      if exit.id.isEmpty {
        apply(.ended, to: sandbox)
      } else if let waiter = sandbox.execs.withLock({ $0[exit.id] }) {
        waiter.finish(exit.exitCode)
      } else if let container = state.withLock({ $0.containers[ContainerID(exit.id)] }), container.machine.phase != .discarded {
        apply(.ended(ContainerEnd(exit)), to: container)
      } else if !exit.id.hasPrefix("exec-") {
        // Its creation was undone while it still ran: podshim can forget it now.
        sandbox.link?.post(.remove(id: exit.id))
      }
    case .logLost(let id, let lines, let errno):
      logger.warning(
        "Log lines lost",
        metadata: ["container.id": "\(id)", "sandbox.id": "\(sandbox.id)", "lines": "\(lines)", "errno": "\(errno)"])
      if let container = state.withLock({ $0.containers[ContainerID(id)] }) {
        losses.yield(
          LogLoss(
            sandbox: sandbox.record.config.metadata, container: container.record.config.metadata, lines: lines,
            reason: SystemCallError(call: "write", subject: "log", code: errno).reason))
      }
    case .oom(let id):
      logger.warning("Out of memory", metadata: ["container.id": "\(id)", "sandbox.id": "\(sandbox.id)"])
    }
  }

  /// Brings everything up to date with podshim's own list.
  private func handle(_ entries: [ProcessEntry], of sandbox: Sandbox) {
    let byID = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let isMaking = sandbox.machine.phase == .creating
    var isUnderway = false
    if let pause = byID[""] {
      sandbox.pausePID = pause.pid
      switch pause.phase {
      case .exited: apply(.ended, to: sandbox)
      case .running, .created: apply(.ready, to: sandbox, unless: isMaking)
      // Of an agent that died; whether it will be there podshim tells nobody.
      case .settingUp: isUnderway = !isMaking
      }
    } else if !isMaking {
      apply(.ended, to: sandbox)
    }
    for container in containers(of: sandbox.id) {
      switch byID[container.id.rawValue] {
      case .some(let entry):
        switch entry.phase {
        case .exited: apply(.ended(ContainerEnd(entry.exit)), to: container)
        case .running: apply(.seenRunning(pid: entry.pid, since: entry.exit.startedAt), to: container)
        // Its start was asked for on a connection that is lost: that it runs is told to nobody.
        case .created where entry.exit.startedAt != 0: isUnderway = true
        case .created:
          // A start that nobody has given up yet may still be on its way: the list overrules it when it is over.
          isUnderway = isUnderway || container.isStarting
          if container.machine.isVisible { apply(.made(pid: entry.pid), to: container) }
        case .settingUp: isUnderway = isUnderway || container.machine.isVisible
        }
      case .none:
        let phase = container.machine.phase
        if phase == .created, !hasExitRecord(container) {
          forgetUnmade(container)
        } else if container.machine.isVisible {
          restoreExit(of: container)
        }
      }
    }
    for (id, waiter) in sandbox.execs.withLock({ $0 }) where byID[id] == nil && waiter.isSpawned {
      waiter.fail(RuntimeError(.unavailable, "the exit code was lost while the connection to podshim was broken"))
    }
    for entry in entries where !entry.id.isEmpty && !entry.id.hasPrefix("exec-") { forgetStranger(entry, of: sandbox) }
    sandbox.link?.listAgain(isUnderway)
  }

  private func apply(_ fact: SandboxFact, to sandbox: Sandbox, unless isMaking: Bool) {
    if !isMaking { apply(fact, to: sandbox) }
  }

  /// A process no container explains is what is left of a creation that was undone, or of an agent that died in one.
  private func forgetStranger(_ entry: ProcessEntry, of sandbox: Sandbox) {
    if let container = state.withLock({ $0.containers[ContainerID(entry.id)] }), container.machine.phase != .discarded { return }
    let request: ShimRequest =
      entry.phase == .exited ? .remove(id: entry.id) : .signal(id: entry.id, number: 9, all: true)
    sandbox.link?.post(request)
  }

  /// podshim ended without being told to: nobody keeps logs and exit codes of its containers any more, so they are killed, and the
  /// sandbox is no longer ready.
  private func shimDied(of sandbox: Sandbox) {
    guard let link = sandbox.takeLink() else { return }
    logger.error("podshim ended", metadata: ["sandbox.id": "\(sandbox.id)", "pid": "\(link.pid)"])
    failExecs(of: sandbox)
    apply(.ended, to: sandbox)
    Task { [self] in
      do { try await killProcesses(of: sandbox) } catch {
        logger.error("Processes of a lost sandbox remain", metadata: ["sandbox.id": "\(sandbox.id)", "error": "\(error)"])
      }
    }
  }

  /// Commands whose end is not known yet end for their callers.
  func failExecs(of sandbox: Sandbox) {
    for waiter in sandbox.execs.withLock({ Array($0.values) }) {
      waiter.fail(RuntimeError(.unavailable, "podshim, which ran the command, has ended"))
    }
  }

  /// SIGKILL to everything in the cgroups of the sandbox and its containers; the exits of containers that podshim did not tell are
  /// those it wrote down.
  /// - Throws: when a process does not die.
  func killProcesses(of sandbox: Sandbox) async throws(RuntimeError) {
    let containers = containers(of: sandbox.id)
    let groups = (containers.map(\.record.cgroup) + [sandbox.record.cgroup]).map { cgroups.cgroup($0) }
    do {
      try await runBlocking(.ending) { () throws(CgroupError) in
        for group in groups { try group.kill() }
        for group in groups { try group.killAndWait() }
      }
    } catch {
      throw RuntimeError(
        .deadlineExceeded, "sandbox \(sandbox.id) has a process that does not die: look for state D (ps -o pid,stat,wchan)",
        cause: error)
    }
    for container in containers where !container.machine.hasEnded { restoreExit(of: container) }
  }

  /// No process of the container is left and podshim does not tell how it ended: its exit record does, or nobody.
  /// - Parameter isSilent: podshim lives and does not answer; the container was killed by the agent.
  func restoreExit(of container: Container, isSilent: Bool = false) {
    guard !container.machine.hasEnded else { return }
    if let text = try? readFile(exitRecordPath(container)), let exit = try? ExitRecord(fileContent: Array(text.utf8)) {
      return apply(.ended(ContainerEnd(exit)), to: container)
    }
    let now = wallClockNanoseconds()
    let end =
      isSilent
      ? ContainerEnd(finishedAt: now, exitCode: 137, reason: "Error", message: "killed while its podshim did not answer")
      : ContainerEnd(finishedAt: now, exitCode: 255, reason: "Unknown", message: "podshim ended without recording the exit code")
    apply(.ended(end), to: container)
  }

  private func exitRecordPath(_ container: Container) -> String {
    "\(settings.sandboxDirectory(container.sandboxID.rawValue))/\(container.id).exit"
  }

  private func hasExitRecord(_ container: Container) -> Bool { (try? readFile(exitRecordPath(container))) != nil }

  // MARK: Facts

  func apply(_ fact: ContainerFact, to container: Container) {
    container.apply(fact, publish: publisher(of: container))
    hub.deliver()
  }

  @discardableResult
  func apply(_ fact: SandboxFact, to sandbox: Sandbox) -> SandboxMachine {
    defer { hub.deliver() }
    return sandbox.apply(fact) { publish($0, sandbox: sandbox) }
  }
}

extension ContainerEnd {
  init(_ exit: ExitRecord) {
    self.init(
      finishedAt: exit.finishedAt, exitCode: exit.exitCode,
      reason: exit.oomKilled ? "OOMKilled" : exit.exitCode == 0 ? "Completed" : "Error", startedAt: exit.startedAt)
  }
}
