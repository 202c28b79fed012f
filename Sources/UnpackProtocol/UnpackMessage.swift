/// What the unpacker says about an archive. The sender has just parsed what strangers wrote and is not trusted: lengths are bounded,
/// and every value is checked by the receiver before it is used.
public enum UnpackMessage: Equatable, Sendable {
  public enum Failure: UInt8, Sendable {
    /// The archive is damaged, or holds what has no place in it.
    case invalidArchive
    /// A limit was passed.
    case tooLarge
    case noSpace
    case inputOutput
  }

  /// A regular file of an archive: where its bytes are in the uncompressed tar.
  case file(name: String, offset: UInt64, size: UInt64)
  /// A symbolic or hard link: the name it leads to, already relative to the archive's root.
  case link(name: String, target: String)
  /// A directory of a layer that hides what lower layers have there.
  case opaque(path: String)
  case done(entries: UInt64, bytes: UInt64)
  case failed(Failure, String)

  /// Of everything behind a frame's header; two path names fit.
  public static let maximumPayload = 16 << 10

  /// The message as a frame: kind, length (32 bits), payload; numbers are little-endian.
  public var frame: [UInt8] {
    var payload: [UInt8] = []
    let kind: UInt8
    switch self {
    case .file(let name, let offset, let size):
      kind = 1
      payload = Self.bytes(offset) + Self.bytes(size) + Array(name.utf8)
    case .link(let name, let target):
      kind = 2
      payload = Array(name.utf8) + [0] + Array(target.utf8)
    case .opaque(let path):
      kind = 3
      payload = Array(path.utf8)
    case .done(let entries, let bytes):
      kind = 4
      payload = Self.bytes(entries) + Self.bytes(bytes)
    case .failed(let failure, let text):
      kind = 5
      payload = [failure.rawValue] + Array(text.utf8.prefix(4096))
    }
    return [kind] + Self.bytes(UInt32(payload.count)) + payload
  }

  private static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
  }

  init?(kind: UInt8, payload: ArraySlice<UInt8>) {
    switch kind {
    case 1:
      guard payload.count > 16 else { return nil }
      self = .file(
        name: Self.text(payload.dropFirst(16)), offset: Self.number(payload.prefix(8)),
        size: Self.number(payload.dropFirst(8).prefix(8)))
    case 2:
      let parts = payload.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
      self = .link(name: Self.text(parts[0]), target: Self.text(parts[1]))
    case 3: self = .opaque(path: Self.text(payload))
    case 4:
      guard payload.count == 16 else { return nil }
      self = .done(entries: Self.number(payload.prefix(8)), bytes: Self.number(payload.dropFirst(8)))
    case 5:
      guard let failure = payload.first.flatMap(Failure.init(rawValue:)), payload.count <= 4097 else { return nil }
      self = .failed(failure, Self.text(payload.dropFirst()))
    default: return nil
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
