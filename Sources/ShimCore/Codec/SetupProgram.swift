/// The set-up program as bytes: u16 count, then for each operation `u8 kind | u32 length | payload`. Kinds are never reused. Unlike messages,
/// an unknown kind or a payload with bytes left over is an error: an operation that is not understood must not be half done.
public enum SetupProgram {
  /// Most operations that a program can have.
  public static let maximumOperations = Int(UInt16.max)

  /// With more than `maximumOperations` the bytes are no program: decoding them fails.
  public static func encode(_ operations: [SetupOperation]) -> [UInt8] {
    var writer = OperationWriter()
    writer.integer(UInt16(clamping: operations.count))
    for operation in operations {
      writer.append(operation)
      writer.end()
    }
    return writer.output.bytes
  }

  /// - Throws: `CodecError`; never traps, whatever the bytes.
  public static func decode(_ bytes: [UInt8]) throws(CodecError) -> [SetupOperation] {
    var reader = ByteReader(bytes)
    let count: UInt16 = try reader.integer()
    guard Int(count) <= reader.remaining / 5 else { throw .truncated }
    var operations: [SetupOperation] = []
    operations.reserveCapacity(Int(count))
    for _ in 0..<count {
      let kind: UInt8 = try reader.integer()
      var part = try reader.part()
      operations.append(try part.setupOperation(kind))
      guard part.remaining == 0 else { throw .malformed }
    }
    guard reader.remaining == 0 else { throw .malformed }
    return operations
  }
}
