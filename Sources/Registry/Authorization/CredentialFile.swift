internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// Docker's `config.json`: credentials by registry. Read at each pull. Programs it names (`credHelpers`, `credsStore`) are not run.
/// Source: Docker cli config file; matching as kubelets do it, pkg/credentialprovider/keyring.go.
struct CredentialFile: Sendable {
  let path: String

  private struct Content: Decodable {
    struct Entry: Decodable {
      var username: String?
      var password: String?
      var auth: String?
      var identitytoken: String?
      var registrytoken: String?
    }
    var auths: [String: Entry]?
    var credHelpers: [String: String]?
    var credsStore: String?
  }

  /// What is for a repository; the entry that says most about it counts. nil: none, or no such file. Blocks.
  func credential(registry: String, path repository: String) throws(RegistryError) -> RegistryCredential? {
    let bytes: [UInt8]
    do throws(SystemCallError) { bytes = try readRegularFile(path, limit: 4 << 20) } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw RegistryError(.configuration, "cannot read \(path): \(error.reason)")
    }
    let content: Content
    do { content = try JSONDecoder().decode(Content.self, from: Data(bytes)) } catch {
      // The decoder's words may hold what is in the file.
      throw RegistryError(.configuration, "\(path) is no JSON of the form {\"auths\": {\"REGISTRY\": {\"auth\": \"...\"}}}")
    }
    var best: (rank: Int, entry: Content.Entry)?
    for (key, entry) in content.auths ?? [:] {
      guard let rank = Self.rank(key, registry: registry, path: repository), rank > best?.rank ?? -1 else { continue }
      best = (rank, entry)
    }
    guard let entry = best?.entry else { return nil }
    return try RegistryCredential(
      username: entry.username ?? "", password: entry.password ?? "", auth: entry.auth ?? "",
      identityToken: entry.identitytoken ?? "", registryToken: entry.registrytoken ?? "", source: "credentials of \(path)")
  }

  /// How much a key says about a repository; nil: it is for others. `https://`, `/v1/` and `/v2/` are what tools of old put around.
  static func rank(_ key: String, registry: String, path: String) -> Int? {
    var text = Substring(key)
    for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
    while text.hasSuffix("/") { text = text.dropLast() }
    for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
    let slash = text.firstIndex(of: "/") ?? text.endIndex
    let prefix = text[slash...].split(separator: "/")
    guard path.split(separator: "/").starts(with: prefix) else { return nil }
    let host = text[..<slash]
    let isExact = canonical(host) == canonical(registry[...])
    guard isExact || matches(host, registry) else { return nil }
    return prefix.count * 2 + (isExact ? 1 : 0)
  }

  /// Docker's own registry has many names.
  private static func canonical(_ host: Substring) -> String {
    let host = host.lowercased()
    return ["index.docker.io", "registry-1.docker.io"].contains(host) ? "docker.io" : host
  }

  /// `*.example.com`: each part of a name is matched by one part, in which `*` stands for anything.
  private static func matches(_ pattern: Substring, _ host: String) -> Bool {
    guard pattern.contains("*") else { return false }
    let wanted = pattern.split(separator: ".", omittingEmptySubsequences: false)
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return wanted.count == parts.count
      && zip(wanted, parts).allSatisfy { wanted, part in
        guard let star = wanted.firstIndex(of: "*") else { return wanted == part }
        let (start, end) = (wanted[..<star], wanted[wanted.index(after: star)...])
        return part.count >= start.count + end.count && part.hasPrefix(start) && part.hasSuffix(end)
      }
  }
}
