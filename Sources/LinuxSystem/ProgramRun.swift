import CLinux
import Glibc
import Synchronization

/// A program or script of the host that is given input and gives output. No thread waits for it.
public struct ProgramRun: Sendable {
  public struct Output: Sendable {
    /// 128 + signal when one ended it.
    public var status: Int32
    public var output: [UInt8]
    public var errors: [UInt8]
    /// The time was up, or the caller gave up, before it ended: it was killed.
    public var isKilled: Bool
  }

  /// Absolute.
  public var path: String
  public var arguments: [String] = []
  /// `NAME=value`; nothing else is in its environment.
  public var environment: [String]
  public var input: [UInt8] = []
  /// Bytes kept of each of its outputs; what is above is read and dropped.
  public var outputLimit = 1 << 20

  public init(path: String, environment: [String], input: [UInt8] = []) {
    (self.path, self.environment, self.input) = (path, environment, input)
  }

  /// How long an output may stay open behind the program's end: by then only a child that it left behind has it.
  private static let drain = Duration.seconds(1)
  /// A program that is just being installed: ETXTBSY.
  private static let busyPause = Duration.milliseconds(200)

  /// Runs it to its end. At the deadline, and when the caller is cancelled, its process group is killed.
  /// - Throws: when it cannot be started.
  public func run(until deadline: ContinuousClock.Instant) async throws(SystemCallError) -> Output {
    while true {
      do throws(SystemCallError) { return try await runOnce(until: deadline) } catch {
        guard error.code == ETXTBSY, ContinuousClock.now + Self.busyPause < deadline,
          (try? await Alarm.sleep(for: Self.busyPause)) != nil
        else { throw error }
      }
    }
  }

  private func runOnce(until deadline: ContinuousClock.Instant) async throws(SystemCallError) -> Output {
    let (output, errors) = (try Pipe(), try Pipe())
    let leader = try await runBlocking { () throws(SystemCallError) in try start(output, errors) }
    output.closeWriteEnd()
    errors.closeWriteEnd()
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    let readers: [OutputReader]
    do throws(SystemCallError) {
      readers = try [output, errors].map { pipe throws(SystemCallError) in
        try OutputReader(pipe.readEnd, limit: outputLimit) { ended.yield() }
      }
      try leader.watch()
    } catch {
      leader.kill()
      throw error
    }
    let alarm = Alarm.call(after: max(.zero, deadline - .now)) { leader.kill() }
    let status = await withTaskCancellationHandler {
      await leader.wait()
    } onCancel: {
      leader.kill()
    }
    Alarm.forget(alarm)
    let count = readers.count
    _ = await waiting(atMost: Self.drain) {
      for await _ in ends.prefix(count) {}
    }
    return Output(status: status, output: readers[0].stop(), errors: readers[1].stop(), isKilled: leader.isKilled)
  }

  private func start(_ output: Pipe, _ errors: Pipe) throws(SystemCallError) -> ProgramLeader {
    let file = try memoryFile("input")
    let (outputEnd, errorEnd) = (try output.writeEnd(), try errors.writeEnd())
    return try file.withRaw { file throws(SystemCallError) in
      var offset = 0
      while offset < input.count {
        offset += try systemCall("pwrite", on: "input of \(path)") {
          unsafe input.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress! + offset, $0.count - offset, off_t(offset)) }
        }
      }
      return try outputEnd.withRaw { output throws(SystemCallError) in
        try errorEnd.withRaw { errors throws(SystemCallError) in
          try unsafe withCStrings([path] + arguments) { argv throws(SystemCallError) in
            try unsafe withCStrings(environment) { envp throws(SystemCallError) in
              var pidfd: CInt = -1
              let streams = [file, output, errors]
              let pid = try kernelCall("execve", on: path) { unsafe cl_run(path, argv, envp, streams, &pidfd) }
              return ProgramLeader(pidfd: OwnedDescriptor(adopting: pidfd), pid: pid)
            }
          }
        }
      }
    }
  }
}

/// The first process of a program that leads a process group. Nobody else may wait for it.
private final class ProgramLeader: Sendable {
  private struct State {
    var status: Int32?
    var isKilled = false
    var waiting: CheckedContinuation<Int32, Never>?
  }
  private let state = Mutex(State())
  private let pidfd: OwnedDescriptor
  private let pid: Int32
  private let token = DescriptorMonitor.shared.makeToken()

  init(pidfd: consuming OwnedDescriptor, pid: Int32) {
    self.pidfd = pidfd
    self.pid = pid
  }

  var isKilled: Bool { state.withLock { $0.isKilled } }

  func watch() throws(SystemCallError) {
    try pidfd.withRaw { raw throws(SystemCallError) in
      try DescriptorMonitor.shared.add(raw, as: token) { [self] in reap() }
    }
  }

  /// As long as it is not reaped its number is nobody else's, and so is its group's.
  func kill() {
    state.withLock { state in
      guard state.status == nil else { return }
      state.isKilled = true
      _ = Glibc.kill(-pid, SIGKILL)
    }
  }

  private func reap() {
    let (waiting, status) = state.withLock { state in
      pidfd.withRaw { raw in
        DescriptorMonitor.shared.remove(token, raw)
        var info = unsafe siginfo_t()
        _ = unsafe waitid(idtype_t(3 /* P_PIDFD */), id_t(raw), &info, WEXITED)
        let number = unsafe info._sifields._sigchld.si_status
        state.status = unsafe info.si_code == CLD_EXITED ? number : 128 + number
      }
      defer { state.waiting = nil }
      return (state.waiting, state.status ?? 0)
    }
    waiting?.resume(returning: status)
  }

  func wait() async -> Int32 {
    await withCheckedContinuation { continuation in
      let status = state.withLock { state in
        if state.status == nil { state.waiting = continuation }
        return state.status
      }
      if let status { continuation.resume(returning: status) }
    }
  }
}
