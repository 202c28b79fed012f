internal import Glibc
internal import LinuxSystem

/// A directory like containerd's `certs.d`: for each registry a directory with `hosts.toml`, or with Docker's `*.crt`, `*.cert` and `*.key`.
/// Read at each pull: what changes there needs no restart. Source: containerd docs/hosts.md; Docker's `certs.d`.
struct HostsDirectory: Sendable {
  /// nil: there is none.
  let path: String?

  /// The servers to ask, first one first. Blocks.
  func hosts(for registry: String) throws(RegistryError) -> [RegistryHost] {
    guard let standard = RegistryHost.standard(for: registry) else {
      throw RegistryError(.configuration, "'\(printable(registry))' is no registry")
    }
    guard let path else { return [standard] }
    for name in names(for: registry) {
      let directory = "\(path)/\(name)"
      if let hosts = try hosts(in: directory, registry, standard) {
        guard !hosts.isEmpty else { throw RegistryError(.configuration, "\(directory) names no server for \(registry)") }
        return hosts
      }
    }
    return [standard]
  }

  /// Whether a registry has a directory of its own. Blocks.
  func knows(_ registry: String) -> Bool {
    guard let path else { return false }
    return names(for: registry).dropLast().contains { (try? listDirectory("\(path)/\($0)"))?.isEmpty == false }
  }

  private func names(for registry: String) -> [String] {
    var names = [registry]
    if let colon = registry.lastIndex(of: ":"), !registry.hasSuffix("]") {
      names.append("\(registry[..<colon])_\(registry[registry.index(after: colon)...])_")
    }
    return names + ["_default"]
  }

  /// nil: there is no such directory, or nothing in it.
  private func hosts(in directory: String, _ registry: String, _ standard: RegistryHost) throws(RegistryError) -> [RegistryHost]? {
    if let text = try read("\(directory)/hosts.toml") {
      return try HostsFile(text, directory: directory, registry: registry).hosts
    }
    let files: [String]
    do throws(SystemCallError) { files = try listDirectory(directory).sorted() } catch {
      throw RegistryError(.configuration, "cannot list \(directory): \(error.reason)")
    }
    if files.isEmpty { return nil }
    var host = standard
    host.profile.authorities = files.filter { $0.hasSuffix(".crt") }.map { "\(directory)/\($0)" }
    host.profile.clients = files.filter { $0.hasSuffix(".cert") }.map { name in
      let key = name.dropLast(5) + ".key"
      return TLSProfile.Client(certificate: "\(directory)/\(name)", key: files.contains(String(key)) ? "\(directory)/\(key)" : nil)
    }
    // Whoever gave it certificates speaks TLS with it.
    if host.profile != TLSProfile(), let secure = RegistryURL(isSecure: true, authority: registry, path: "/v2"), !host.base.isSecure
    {
      host.base = secure
    }
    return [host]
  }

  /// nil: there is no such file.
  private func read(_ file: String) throws(RegistryError) -> [UInt8]? {
    do throws(SystemCallError) { return try readRegularFile(file, limit: 1 << 20) } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw RegistryError(.configuration, "cannot read \(file): \(error.reason)")
    }
  }
}
