import CLibCrypto

/// A streaming SHA-256, the one digest that images are named by here. Source: image-spec descriptor.md, "digests".
@safe public final class Digest {
  private var context = SHA256_CTX()

  public init() { unsafe SHA256_Init(&context) }

  public func update(_ bytes: UnsafeRawBufferPointer) { unsafe SHA256_Update(&context, bytes.baseAddress, bytes.count) }

  /// `sha256:<hex>`; call once, at the end.
  public func finish() -> String {
    var value = [UInt8](repeating: 0, count: 32)
    unsafe SHA256_Final(&value, &context)
    let digits = Array("0123456789abcdef".utf8)
    return "sha256:" + String(decoding: value.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Of bytes in memory.
  public static func of(_ bytes: [UInt8]) -> String {
    let digest = Digest()
    unsafe bytes.withUnsafeBytes { unsafe digest.update($0) }
    return digest.finish()
  }

  /// Whether a text is `sha256:` and 64 lower-case hex digits.
  public static func isValid(_ text: String) -> Bool {
    text.hasPrefix("sha256:") && text.utf8.count == 71
      && text.utf8.dropFirst(7).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }
}
