internal import Logging
internal import RuntimeAPI

/// Keeps the runtime's event stream open and says when it had a gap. A runtime without events is looked at once a second instead; one
/// with events now and then, so that an event that got lost does no lasting harm.
struct RuntimeWatch: Sendable {
  /// Between two looks at everything; up to a tenth more, so that nodes that started together do not stay together.
  static let relist: Duration = .seconds(300)
  let runtime: any ContainerRuntime
  let node: NodeWatch
  let clock: KubeletClock
  let logger: Logger

  func run(_ supervisor: PodSupervisor) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await follow(supervisor) }
      group.addTask { await look(supervisor) }
    }
  }

  private func follow(_ supervisor: PodSupervisor) async {
    while !Task.isCancelled {
      do {
        let events = try await runtime.events()
        // What was missed is found by comparing; only if that fails everybody reads again, and tries until it succeeds.
        if !(await compare(supervisor)) { supervisor.send(.gap) }
        for await event in events { supervisor.send(.runtime(event)) }
      } catch  where error.code == .unimplemented {
        _ = await compare(supervisor)
      } catch {
        logger.warning("The runtime's events cannot be followed", metadata: ["error": "\(error)"])
      }
      do { try await clock.sleep(.seconds(1)) } catch { return }
    }
  }

  private func look(_ supervisor: PodSupervisor) async {
    while !Task.isCancelled {
      do { try await clock.sleep(Self.relist + .seconds(Int.random(in: 0...30))) } catch { return }
      _ = await compare(supervisor)
      await node.look(supervisor)
    }
  }

  private func compare(_ supervisor: PodSupervisor) async -> Bool {
    do {
      supervisor.send(.overview(try await RuntimeOverview.all(runtime)))
      return true
    } catch {
      logger.warning("The runtime's pods cannot be listed", metadata: ["error": "\(error)"])
      return false
    }
  }
}
