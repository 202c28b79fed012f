import CLinux
import Glibc
import LinuxSystem
import UnpackProtocol

/// One run of the sealed program `unpacker` (Sources/unpacker): what it is given, and what it answers. Calls block.
final class UnpackerProcess {
  let process: PidFD
  private let patience: CInt
  private let answers: UnixStream
  private let cancellation: ImportCancellation
  private let name: String

  /// - Parameters:
  ///   - program: path of the executable.
  ///   - name: what is unpacked, for messages.
  ///   - descriptors: lent for the call.
  ///   - patience: longest time without a byte in either direction, milliseconds.
  init(
    program: String, arguments: [String], descriptors: [CInt], name: String, cancellation: ImportCancellation,
    patience: CInt = Unpacker.Limits().patience
  ) throws(ImageError) {
    self.patience = patience
    self.name = name
    self.cancellation = cancellation
    do throws(SystemCallError) {
      let (ours, theirs) = try UnixStream.pair()
      answers = ours
      let end = try theirs.duplicate()
      process = try SealedExecutable(opening: program).spawn(arguments: ["unpacker"] + arguments, cgroup: nil, socket: end)
    } catch {
      throw ImageError(.inputOutput, "cannot start \(program)", cause: error)
    }
    cancellation.add(process)
    do {
      try answers.send([0], descriptors: descriptors)
    } catch {
      throw failure(error, "the unpacker ended before it began")
    }
  }

  deinit {
    // Nothing is left running, whatever happened.
    try? process.signal(SIGKILL)
    waitForEnd()
    cancellation.remove(process)
  }

  /// Calls `body` for each answer until the last one, which it returns.
  func answers(_ body: (UnpackMessage) throws(ImageError) -> Void) throws(ImageError) -> (entries: UInt64, bytes: UInt64) {
    var reader = UnpackMessageReader()
    while true {
      while let message = try next(&reader) {
        switch message {
        case .done(let entries, let bytes): return (entries, bytes)
        case .failed(let failure, let text): throw ImageError(Self.code(failure), "\(name): \(Self.printable(text))")
        default: try body(message)
        }
      }
      do throws(SystemCallError) {
        try waitUntil(POLLIN, answers)
        let bytes = try answers.receive().bytes
        guard !bytes.isEmpty else { throw SystemCallError(call: "read", subject: "unpacker", code: EPIPE) }
        reader.append(bytes)
      } catch {
        throw failure(error, "the unpacker ended without an answer")
      }
    }
  }

  private func next(_ reader: inout UnpackMessageReader) throws(ImageError) -> UnpackMessage? {
    do { return try reader.next() } catch { throw ImageError(.invalidArchive, "\(name): the unpacker answered nonsense") }
  }

  /// Sends bytes into a stream that this process reads. false: it reads no more, its answer says why.
  func send(_ bytes: UnsafeRawBufferPointer, into stream: UnixStream) throws(ImageError) -> Bool {
    var offset = 0
    while offset < bytes.count {
      do throws(SystemCallError) {
        try waitUntil(POLLOUT, stream)
        offset += Int(
          try stream.withRaw { raw throws(SystemCallError) in
            try kernelCall("send", on: "unpacker") { unsafe cl_send(raw, bytes.baseAddress! + offset, bytes.count - offset) }
          })
      } catch {
        if error.code == EAGAIN { continue }  // more than the buffer took: it is waited for above
        if error.code == EPIPE || error.code == ECONNRESET { return false }
        throw failure(error, "cannot hand over its bytes")
      }
    }
    return true
  }

  /// Up to `buffer.count` bytes of a stream that this process writes; 0 at its end.
  /// - Parameter isStarving: whether it has nothing to read itself: then it may be silent.
  func receive(
    _ buffer: UnsafeMutableRawBufferPointer, from stream: UnixStream, isStarving: () -> Bool = { false }
  ) throws(ImageError) -> Int {
    do throws(SystemCallError) {
      while true {
        do throws(SystemCallError) {
          try waitUntil(POLLIN, stream)
          break
        } catch {
          guard error.code == ETIMEDOUT, isStarving() else { throw error }
        }
      }
      return try stream.withRaw { raw throws(SystemCallError) in
        try systemCall("read", on: "unpacker") { unsafe read(raw, buffer.baseAddress, buffer.count) }
      }
    } catch {
      if error.code == ECONNRESET { return 0 }
      throw failure(error, "cannot take its bytes")
    }
  }

  // MARK: Ends

  private func waitUntil(_ event: CInt, _ stream: UnixStream) throws(SystemCallError) {
    let ready = try stream.withRaw { raw throws(SystemCallError) in
      var poller = pollfd(fd: raw, events: Int16(event), revents: 0)
      return try systemCall("poll", on: "unpacker") { unsafe poll(&poller, 1, patience) }
    }
    if ready == 0 { throw SystemCallError(call: "poll", subject: "unpacker", code: ETIMEDOUT) }
  }

  private func failure(_ error: SystemCallError, _ what: String) -> ImageError {
    if cancellation.isCancelled { return ImageError(.cancelled, "the import was cancelled") }
    if error.code == ETIMEDOUT {
      return ImageError(.invalidArchive, "\(name): the unpacker did nothing for \(patience / 1000) s and was ended")
    }
    // A parser that was killed by its limits or by a bug; nothing but its own directory was in reach.
    return ImageError(.invalidArchive, "\(name): \(what)", cause: error)
  }

  private func waitForEnd() {
    process.withRaw { raw in
      var poller = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
      // One that a dead disk holds is left behind: it ends when the disk answers.
      while unsafe poll(&poller, 1, 10_000) < 0, errno == EINTR {}
    }
    process.reap()
  }

  private static func code(_ failure: UnpackMessage.Failure) -> ImageError.Code {
    switch failure {
    case .invalidArchive: .invalidArchive
    case .tooLarge: .tooLarge
    case .noSpace: .noSpace
    case .inputOutput: .inputOutput
    }
  }

  /// An archive's words in a log: no control characters.
  private static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
  }
}
