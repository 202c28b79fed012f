internal import Logging
internal import RuntimeAPI

/// Keeps the runtime's event stream open and says when it had a gap. A runtime without events is read once a second instead.
struct RuntimeWatch: Sendable {
  let runtime: any ContainerRuntime
  let clock: KubeletClock
  let logger: Logger

  func run(_ supervisor: PodSupervisor) async {
    while !Task.isCancelled {
      do {
        let events = try await runtime.events()
        supervisor.send(.resync)
        for await event in events { supervisor.send(.runtime(event)) }
      } catch  where error.code == .unimplemented {
        supervisor.send(.resync)
      } catch {
        logger.warning("The runtime's events cannot be followed", metadata: ["error": "\(error)"])
      }
      do { try await clock.sleep(.seconds(1)) } catch { return }
    }
  }
}
