import CLinux
import Glibc

/// Starts a detached thread (8 MiB of stack, used as needed) that runs `body` to its end.
public func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let box = unsafe Unmanaged.passRetained(Box(body))
  do {
    _ = try kernelCall("pthread_create", on: name) {
      unsafe cl_thread_start(name, { raw in unsafe Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body() }, box.toOpaque())
    }
  } catch {
    unsafe box.release()
    throw error
  }
}

/// What a blocking call waits for decides whose threads it takes: a pile of calls on a dead network file system must not hold up cgroups.
public enum BlockingWork: Sendable, CaseIterable {
  /// The agent's own files, cgroups, network: ends soon, as long as the node is alive.
  case node
  /// Paths that pods and administrators name, and may be on a file system that does not answer: volumes, manifests.
  case foreign
  /// The manifests' directory: whatever volumes wait for, a file that came is read.
  case manifests
  /// Waiting for processes that were killed, for ten seconds when one hangs in the kernel.
  case ending
  /// Images being unpacked, one for each layer, as long as its registry takes: volumes do not wait for them.
  case images
}

private let nodeThreads = ThreadPool(named: "blocking", width: 32)
private let foreignThreads = ThreadPool(named: "blocking-paths", width: 64)
private let manifestThreads = ThreadPool(named: "manifests", width: 4)
private let endingThreads = ThreadPool(named: "ending", width: 64)
private let imageThreads = ThreadPool(named: "images", width: 128)

/// Runs a closure that may block (a system call on a file system or the network) on a thread of the agent's own bounded pools, so that
/// the cooperative pool never waits for a disk or a dead mount. The pools grow at once; above their bound callers wait in order.
public func runBlocking<R: Sendable, E: Error>(
  _ work: BlockingWork = .node, _ body: @escaping @Sendable () throws(E) -> R
) async throws(E) -> R {
  let pool =
    switch work {
    case .node: nodeThreads
    case .foreign: foreignThreads
    case .manifests: manifestThreads
    case .ending: endingThreads
    case .images: imageThreads
    }
  #if DEBUG
    // Task-locals do not follow onto the thread by themselves.
    let plan = Faults.plan
    let result: Result<R, E> = await pool.run { Faults.$plan.withValue(plan) { Result(catching: body) } }
    return try result.get()
  #else
    return try await pool.run(body)
  #endif
}

/// Gives the calling thread less of the CPU than the others get (nice 10; Linux keeps it per thread): for work nobody waits for.
public func lowerPriority() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
