import Glibc
import Synchronization
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// The threads that tasks run on, instead of libdispatch's: as many as there are processors, and more when those are stuck.
///
/// libdispatch's pool wakes once a second for ever after its first use, and grows by one thread a second when code blocks in it. This one
/// sleeps until there is work, and adds a thread when no job moved for 10 ms while others wait: code that blocks on a cooperative thread,
/// which is a bug, costs that delay and not the node.
public enum CooperativeThreads {
  /// Threads at most, stuck ones included.
  public static let limit = 256
  // Swift 6.3 has this as a programming interface only, not yet as a setting of the main module.
  private static let installation: Void = _createExecutors(factory: CooperativeExecutor.Factory.self)

  /// Makes these the threads of the process: before its first task. Tasks that run already go on where they are; later calls have no
  /// effect.
  public static func install() { installation }

  /// Threads there are now.
  public static var count: Int { CooperativeExecutor.shared.pool.threads }
}

/// The global executor.
final class CooperativeExecutor: TaskExecutor, SchedulingExecutor {
  static let shared = CooperativeExecutor()

  enum Factory: ExecutorFactory {
    static var mainExecutor: any MainExecutor { PlatformExecutorFactory.mainExecutor }
    static var defaultExecutor: any TaskExecutor { CooperativeExecutor.shared }
  }

  /// How long nothing may move before a thread is added, nanoseconds.
  private static let patience: UInt64 = 10_000_000

  let pool: ThreadPool
  let timers = Timers()
  private let isWatched = Atomic<Bool>(false)

  private init() {
    let width = max(2, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
    pool = ThreadPool(named: "tasks", width: width, limit: CooperativeThreads.limit, kept: width)
  }

  func enqueue(_ job: consuming ExecutorJob) { enqueue(UnownedJob(job)) }

  func enqueue(_ job: UnownedJob) {
    // On no particular executor, as the one it replaces does: a task that names none has nothing to switch to.
    if !pool.submit({ unsafe job.runSynchronously(on: unsafeBitCast((UInt(0), UInt(0)), to: UnownedSerialExecutor.self)) }) {
      watch()
    }
  }

  func enqueue<C: Clock>(_ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C) {
    let job = UnownedJob(job)
    // Clocks of the standard library count in this type; another one does its own sleeping.
    timers.add(after: (delay as? Swift.Duration ?? .zero).timerNanoseconds) { self.enqueue(job) }
  }

  func enqueue<C: Clock>(_ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C) {
    enqueue(job, after: clock.now.duration(to: instant), tolerance: tolerance, clock: clock)
  }

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
