import Glibc

/// The addresses of a host in the order in which they are to be tried. Source: getaddrinfo(3), RFC 6724.
public enum HostAddresses {
  /// A name server that does not answer holds a thread for half a minute: threads that nobody else waits for.
  private static let threads = ThreadPool(named: "resolver", width: 16)

  /// Numeric addresses, each once, eight at most.
  /// - Parameter host: a name or a numeric address.
  /// - Throws: the words of the resolver.
  public static func of(_ host: String) async throws(ResolverError) -> [String] {
    try await threads.run { () throws(ResolverError) in try look(host) }
  }

  /// The bytes of a numeric address, 4 or 16; nil: it is none. Source: inet_pton(3).
  public static func bytes(_ text: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if unsafe inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
  }

  public struct ResolverError: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  private static func look(_ host: String) throws(ResolverError) -> [String] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &first)
    guard code == 0 else {
      let reason =
        code == EAI_SYSTEM ? SystemCallError(call: "", subject: "", code: errno).reason : unsafe String(cString: gai_strerror(code))
      throw ResolverError(description: "cannot find the address of \(host): \(reason)")
    }
    defer { unsafe freeaddrinfo(first) }
    var addresses: [String] = []
    var next = unsafe first
    while let entry = unsafe next, addresses.count < 8 {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let result = unsafe getnameinfo(
        entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      if result == 0 {
        let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if !addresses.contains(address) { addresses.append(address) }
      }
      unsafe next = unsafe entry.pointee.ai_next
    }
    return addresses
  }
}
