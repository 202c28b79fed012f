import CSwiftConcurrency
import Glibc
import Synchronization

/// The threads that tasks run on, instead of libdispatch's: as many as there are processors, and more when those are stuck.
///
/// libdispatch's pool wakes once a second for ever after its first use, and grows by one thread a second when code blocks in it. This one
/// sleeps until there is work, and adds a thread when no job moved for 10 ms while others wait: code that blocks on a cooperative thread,
/// which is a bug, costs that delay and not the node.
public final class CooperativeThreads: Sendable {
  /// What every task of the process runs on after `install`.
  public static let shared = CooperativeThreads()
  private static let installation: Void = unsafe cs_take_over(
    { job in unsafe CooperativeThreads.shared.enqueue(JobReference(job!)) },
    { job, delay in unsafe CooperativeThreads.shared.enqueue(JobReference(job!), after: UInt64(max(0, delay))) })

  /// Threads at most, stuck ones included.
  public static let limit = 256
  /// How long nothing may move before a thread is added, nanoseconds.
  private static let patience: UInt64 = 10_000_000

  private let pool: ThreadPool
  private let timers = Timers()
  private let isWatched = Atomic<Bool>(false)

  private init() {
    let width = max(2, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
    pool = ThreadPool(named: "tasks", width: width, limit: Self.limit, kept: width)
  }

  /// Makes this the global executor of the process: before its first task. Tasks that run already go on where they are; later calls have
  /// no effect.
  public static func install() { installation }

  /// Threads there are now.
  public var threads: Int { pool.threads }

  private func enqueue(_ job: JobReference) {
    if !pool.submit({ job.run() }) { watch() }
  }

  private func enqueue(_ job: JobReference, after delay: UInt64) { timers.add(after: delay) { self.enqueue(job) } }

  /// Looks, for as long as jobs wait, whether any was taken.
  private func watch() {
    guard !isWatched.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let before = pool.backlog.taken
    timers.add(after: Self.patience) { [self] in
      isWatched.store(false, ordering: .releasing)
      let now = pool.backlog
      if now.waiting == 0 { return }
      if now.taken == before { pool.addThread() }
      watch()
    }
  }
}

/// A job of the concurrency runtime, run once.
///
/// Unchecked: the runtime keeps a job alive until it was run, and lets any thread run it.
@safe private struct JobReference: @unchecked Sendable {
  private let job: UnsafeMutableRawPointer
  init(_ job: UnsafeMutableRawPointer) { unsafe self.job = job }
  func run() { unsafe cs_run(job) }
}
