extension ShimFrame {
  /// A complete frame.
  /// - Parameters:
  ///   - id: not 0; comes back with the reply.
  ///   - descriptorCount: how many descriptors (at most `ShimProtocol.maximumDescriptors`) the caller sends with the first byte.
  public static func encode(_ request: ShimRequest, id: UInt32, descriptorCount: Int = 0) -> [UInt8] {
    var writer = begin(kind(of: request), id: id, descriptorCount: descriptorCount)
    switch request {
    case .hello(let version): writer.integer(version)
    case .spawn(let spawn): writer.spawn(spawn)
    case .start(let id, let time):
      writer.string(id)
      writer.integer(time)
    case .reopenLog(let id), .remove(let id): writer.string(id)
    case .signal(let id, let number, let all):
      writer.string(id)
      writer.integer(number)
      writer.bool(all)
    case .list, .shutdown: break
    case .attach(let id, let streams):
      writer.string(id)
      writer.integer(streams)
    case .resize(let id, let columns, let rows):
      writer.string(id)
      writer.integer(columns)
      writer.integer(rows)
    case .namespaces(let flags): writer.integer(flags)
    }
    return finish(writer)
  }

  public static func decodeRequest(kind: UInt8, payload: [UInt8]) throws(CodecError) -> ShimRequest {
    var reader = ByteReader(payload)
    switch kind {
    case 1: return .hello(version: try reader.integer())
    case 2: return .spawn(try reader.spawn())
    case 3: return .start(id: try reader.string(), at: reader.remaining > 0 ? try reader.integer() : 0)
    case 4: return .signal(id: try reader.string(), number: try reader.integer(), all: try reader.bool())
    case 5: return .reopenLog(id: try reader.string())
    case 6: return .list
    case 7: return .attach(id: try reader.string(), streams: try reader.integer())
    case 8: return .resize(id: try reader.string(), columns: try reader.integer(), rows: try reader.integer())
    case 9: return .remove(id: try reader.string())
    case 10: return .namespaces(flags: try reader.integer())
    case 11: return .shutdown
    default: throw .unknownKind(kind)
    }
  }

  private static func kind(of request: ShimRequest) -> UInt8 {
    switch request {
    case .hello: 1
    case .spawn: 2
    case .start: 3
    case .signal: 4
    case .reopenLog: 5
    case .list: 6
    case .attach: 7
    case .resize: 8
    case .remove: 9
    case .namespaces: 10
    case .shutdown: 11
    }
  }
}

extension ByteWriter {
  fileprivate mutating func spawn(_ request: SpawnRequest) {
    string(request.id)
    integer(request.cloneFlags)
    integer(request.cgroupSlot)
    integer(request.pidNamespaceSlot)
    string(request.joinPIDOf)
    bool(request.joinsPID)
    string(request.joinProcess)
    mappings(request.uidMappings)
    mappings(request.gidMappings)
    integer(request.stdio.rawValue)
    bool(request.openStdin)
    bool(request.stdinOnce)
    string(request.logPath)
    string(request.exitRecordPath)
    integer(request.drainMilliseconds)
    blob(request.program)
    integer(request.setupMilliseconds)
    string(request.logDirectory)
  }

  private mutating func mappings(_ values: [IDMapping]) {
    integer(UInt32(values.count))
    for value in values {
      integer(value.containerID)
      integer(value.hostID)
      integer(value.length)
    }
  }
}

extension ByteReader {
  fileprivate mutating func spawn() throws(CodecError) -> SpawnRequest {
    var request = SpawnRequest(id: try string(), program: [])
    request.cloneFlags = try integer()
    request.cgroupSlot = try integer()
    request.pidNamespaceSlot = try integer()
    request.joinPIDOf = try string()
    request.joinsPID = try bool()
    request.joinProcess = try string()
    request.uidMappings = try mappings()
    request.gidMappings = try mappings()
    guard let stdio = StdioMode(rawValue: try integer()) else { throw .malformed }
    request.stdio = stdio
    request.openStdin = try bool()
    request.stdinOnce = try bool()
    request.logPath = try string()
    request.exitRecordPath = try string()
    request.drainMilliseconds = try integer()
    request.program = try blob()
    if remaining > 0 { request.setupMilliseconds = try integer() }
    if remaining > 0 { request.logDirectory = try string() }
    return request
  }

  private mutating func mappings() throws(CodecError) -> [IDMapping] {
    var result: [IDMapping] = []
    for _ in 0..<(try count(minimum: 12)) {
      result.append(IDMapping(containerID: try integer(), hostID: try integer(), length: try integer()))
    }
    return result
  }
}
