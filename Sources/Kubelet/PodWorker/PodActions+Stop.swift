internal import KubeModel
internal import RuntimeAPI

extension PodActions {
  /// What the runtime is given at least, in seconds. Source: kubelet minimumGracePeriodInSeconds.
  static let minimumGrace: Int64 = 2

  /// Whole seconds, rounded up: a container gets at least the time its pod says.
  static func seconds(until deadline: Int64, now: Int64) -> Int64 {
    let left = max(0, deadline.subtracting(now))
    return max(minimumGrace, left / 1_000_000_000 + (left % 1_000_000_000 > 0 ? 1 : 0))
  }

  /// preStop hooks of all stages begin at once; a stage is stopped when the ones before are gone and its own hook is done.
  func stop(_ stages: [[ContainerStop]]) async throws(KubeletError) {
    let all = stages.flatMap { $0 }
    let hooks = Dictionary(uniqueKeysWithValues: all.filter(\.runsPreStop).map { item in (item.id, Task { await preStop(item) }) })
    var failure: KubeletError?
    await withTaskCancellationHandler {
      for stage in stages {
        await withTaskGroup(of: KubeletError?.self) { group in
          for item in stage {
            group.addTask {
              await hooks[item.id]?.value
              do throws(KubeletError) {
                try await stop(item)
                return nil
              } catch { return error }
            }
          }
          for await error in group { failure = failure ?? error }
        }
      }
    } onCancel: {
      for hook in hooks.values { hook.cancel() }
    }
    await report(all.map(\.id))
    if let failure { throw failure }
  }

  private func stop(_ item: ContainerStop) async throws(KubeletError) {
    let message =
      switch item.cause {
      case .podEnds: "Stopping container \(item.name)"
      case .liveness: "Container \(item.name) failed liveness probe, will be restarted"
      case .startup: "Container \(item.name) failed startup probe, will be restarted"
      case .postStart: "FailedPostStartHook"
      case .changed: "Container \(item.name) definition changed, will be restarted"
      case .restartAll: "Container \(item.name) is killed: all containers of the pod are restarted"
      case .removed: "Container \(item.name) is not in the pod any more"
      case .unknown: "Container is in \"unknown\" state, try killing it before restart"
      }
    services.events.record(.normal, "Killing", pod, container: item.name, message)
    let left = item.cause == .restartAll ? 0 : Self.seconds(until: item.deadline, now: services.clock.now())
    try await call("FailedKillPod", "stopping container \(item.name) failed") { () async throws(RuntimeError) in
      try await services.runtime.stopContainer(item.id, timeout: left)
    }
  }

  private func preStop(_ item: ContainerStop) async {
    guard let container = pod.container(named: item.name)?.container, let hook = container.lifecycle?.preStop else { return }
    emit(.preStopStarted(item.id))
    let left = Duration.nanoseconds(max(0, item.deadline.subtracting(services.clock.now())))
    let runner = LifecycleHook(runtime: services.runtime, group: services.group, clock: services.clock)
    // The grace period ends a hook that does not.
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do throws(KubeletError) {
          try await runner.run(hook, container, id: item.id, podIP: podIP, limit: left) { reason, message in
            services.events.record(.warning, reason, pod, container: item.name, message)
          }
        } catch {
          if !Task.isCancelled {
            services.events.record(
              .warning, "FailedPreStopHook", pod, container: item.name, "PreStopHook failed: \(error.description)")
          }
        }
      }
      group.addTask { try? await services.clock.sleep(left) }
      await group.next()
      group.cancelAll()
    }
  }
}
