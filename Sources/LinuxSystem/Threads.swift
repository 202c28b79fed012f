import CLinux
import Dispatch

/// Starts a detached thread that runs `body` to its end. For loops that live as long as the process.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
  let result = unsafe cl_thread_start(name, { raw in unsafe Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body() }, box)
  precondition(result == 0, "cannot start a thread (errno \(-result))")
}

private let blockingQueue = DispatchQueue(label: "blocking", attributes: .concurrent)

/// Runs a closure that may block (a system call on a file system or the network) on a thread of its own kind, so that the cooperative
/// pool never waits for a disk or a dead mount.
public func runBlocking<R: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> R) async throws(E) -> R {
  #if DEBUG
    // Task-locals do not follow onto the queue by themselves.
    let plan = Faults.plan
    let result: Result<R, E> = await withCheckedContinuation { continuation in
      blockingQueue.async { continuation.resume(returning: Faults.$plan.withValue(plan) { Result(catching: body) }) }
    }
  #else
    let result: Result<R, E> = await withCheckedContinuation { continuation in
      blockingQueue.async { continuation.resume(returning: Result(catching: body)) }
    }
  #endif
  return try result.get()
}
