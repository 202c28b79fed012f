internal import CLibCrypto

/// For WebSocket's greeting, which nothing secret depends on.
enum SHA1 {
  static func digest(_ message: [UInt8]) -> [UInt8] {
    var context = SHA_CTX()
    var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
    _ = unsafe SHA1_Init(&context)
    _ = unsafe SHA1_Update(&context, message, message.count)
    _ = unsafe SHA1_Final(&digest, &context)
    return digest
  }
}
