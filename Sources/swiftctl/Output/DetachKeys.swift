/// The keys that leave an attached container: `ctrl-p,ctrl-q` as with docker, or other ones of `--detach-keys`.
struct DetachKeys {
  private let keys: [UInt8]
  /// How many of them were typed last, which are held back.
  private var typed = 0

  /// - Parameter text: letters, or `ctrl-` and a letter or one of @ [ \ ] ^ _, with commas between; empty: none.
  init(_ text: String) throws {
    keys = try text.split(separator: ",").map { key in
      let name = key.hasPrefix("ctrl-") ? key.dropFirst(5) : key
      guard name.utf8.count == 1, let byte = name.utf8.first else { throw Failure("--detach-keys: \(key) is no key") }
      guard key.hasPrefix("ctrl-") else { return byte }
      let upper = byte >= 0x61 && byte <= 0x7A ? byte - 0x20 : byte
      guard (0x40...0x5F).contains(upper) else { throw Failure("--detach-keys: \(key) is no key") }
      return upper - 0x40
    }
  }

  /// What goes on to the container; nil: all of the keys were typed, one behind the other.
  mutating func pass(_ bytes: [UInt8]) -> [UInt8]? {
    if keys.isEmpty { return bytes }
    var passed: [UInt8] = []
    for byte in bytes {
      if byte == keys[typed] {
        typed += 1
        if typed == keys.count { return nil }
        continue
      }
      passed += keys[..<typed]
      typed = byte == keys[0] ? 1 : 0
      if typed == 0 { passed.append(byte) }
      if typed == keys.count { return nil }
    }
    return passed
  }
}
