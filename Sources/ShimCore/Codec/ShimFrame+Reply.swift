extension ShimFrame {
  /// A complete frame that answers request `id`.
  public static func encode(_ reply: ShimReply, id: UInt32, descriptorCount: Int = 0) -> [UInt8] {
    var writer: ByteWriter
    switch reply {
    case .hello(let version, let pid):
      writer = begin(64, id: id, descriptorCount: descriptorCount)
      writer.integer(version)
      writer.integer(pid)
    case .spawned(let pid):
      writer = begin(65, id: id, descriptorCount: descriptorCount)
      writer.integer(pid)
    case .done: writer = begin(66, id: id, descriptorCount: descriptorCount)
    case .processes(let entries):
      writer = begin(67, id: id, descriptorCount: descriptorCount)
      writer.integer(UInt32(entries.count))
      for entry in entries { writer.entry(entry) }
    case .failed(let failure):
      writer = begin(68, id: id, descriptorCount: descriptorCount)
      writer.failure(failure)
    case .refused(let errno, let text):
      writer = begin(69, id: id, descriptorCount: descriptorCount)
      writer.integer(errno)
      writer.string(text)
    }
    return finish(writer)
  }

  public static func encode(_ event: ShimEvent) -> [UInt8] {
    var writer: ByteWriter
    switch event {
    case .exited(let record):
      writer = begin(128, id: 0, descriptorCount: 0)
      writer.exit(record)
    case .oom(let id):
      writer = begin(129, id: 0, descriptorCount: 0)
      writer.string(id)
    case .logLost(let id, let lines, let errno):
      writer = begin(130, id: 0, descriptorCount: 0)
      writer.string(id)
      writer.integer(lines)
      writer.integer(errno)
    }
    return finish(writer)
  }

  public static func decodeReply(kind: UInt8, payload: [UInt8]) throws(CodecError) -> ShimReply {
    var reader = ByteReader(payload)
    switch kind {
    case 64: return .hello(version: try reader.integer(), pid: try reader.integer())
    case 65: return .spawned(pid: try reader.integer())
    case 66: return .done
    case 67:
      var entries: [ProcessEntry] = []
      for _ in 0..<(try reader.count(minimum: 30)) { entries.append(try reader.entry()) }
      return .processes(entries)
    case 68: return .failed(try reader.failure())
    case 69: return .refused(errno: try reader.integer(), text: try reader.string())
    default: throw .unknownKind(kind)
    }
  }

  /// - Throws: `.unknownKind` for an event of a newer podshim; the caller skips it.
  public static func decodeEvent(kind: UInt8, payload: [UInt8]) throws(CodecError) -> ShimEvent {
    var reader = ByteReader(payload)
    switch kind {
    case 128: return .exited(try reader.exit())
    case 129: return .oom(id: try reader.string())
    case 130: return .logLost(id: try reader.string(), lines: try reader.integer(), errno: try reader.integer())
    default: throw .unknownKind(kind)
    }
  }
}

extension ByteWriter {
  mutating func failure(_ failure: SetupFailure) {
    integer(failure.operation)
    string(failure.call)
    integer(failure.errno)
    string(failure.detail)
  }

  fileprivate mutating func exit(_ record: ExitRecord) {
    string(record.id)
    integer(record.exitCode)
    integer(record.signal)
    bool(record.oomKilled)
    integer(record.finishedAt)
    integer(record.startedAt)
  }

  fileprivate mutating func entry(_ entry: ProcessEntry) {
    string(entry.id)
    integer(entry.pid)
    integer(entry.phase.rawValue)
    exit(entry.exit)
  }
}

extension ByteReader {
  mutating func failure() throws(CodecError) -> SetupFailure {
    SetupFailure(operation: try integer(), call: try string(), errno: try integer(), detail: try string())
  }

  fileprivate mutating func exit() throws(CodecError) -> ExitRecord {
    ExitRecord(
      id: try string(), exitCode: try integer(), signal: try integer(), oomKilled: try bool(), finishedAt: try integer(),
      startedAt: try integer())
  }

  fileprivate mutating func entry() throws(CodecError) -> ProcessEntry {
    let id = try string()
    let pid: Int32 = try integer()
    guard let phase = ProcessPhase(rawValue: try integer()) else { throw .malformed }
    return ProcessEntry(id: id, pid: pid, phase: phase, exit: try exit())
  }
}
