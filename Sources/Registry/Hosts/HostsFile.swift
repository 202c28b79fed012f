/// A `hosts.toml`: where a registry's images come from. Keys it does not know are left alone: directories are shared with containerd.
/// Source: containerd docs/hosts.md.
struct HostsFile {
  /// In the order in which they are tried.
  var hosts: [RegistryHost]

  /// - Parameters:
  ///   - text: of the file.
  ///   - directory: relative paths in it begin here.
  ///   - registry: as images name it.
  init(_ text: [UInt8], directory: String, registry: String) throws(RegistryError) {
    let path = "\(directory)/hosts.toml"
    do throws(TOMLParser.Failure) {
      let root = try TOMLParser.parse(text)
      let fields = Fields(directory: directory)
      hosts = []
      if case .table(let table)? = root["host"] {
        for entry in table.entries {
          guard case .table(let settings) = entry.value else {
            throw TOMLParser.Failure(line: 1, what: "host.\(entry.key) is no table")
          }
          var host = try fields.host(entry.key, settings)
          host.isMirror = true
          hosts.append(host)
        }
      }
      if case .string(let server)? = root["server"] {
        hosts.append(try fields.host(server, root))
      } else if var standard = RegistryHost.standard(for: registry) {
        try fields.apply(root, to: &standard)
        hosts.append(standard)
      }
    } catch {
      throw RegistryError(.configuration, "\(path): \(error)")
    }
    // A mirror entry that is the registry itself is asked as itself.
    for index in hosts.indices where hosts[index].isMirror && hosts[index].base == hosts.last?.base && index < hosts.count - 1 {
      hosts[index].isMirror = false
    }
  }

  /// The fields of one host, at the file's top for the server and below `host` for others.
  private struct Fields {
    let directory: String

    func host(_ address: String, _ table: TOMLValue.Table) throws(TOMLParser.Failure) -> RegistryHost {
      guard var url = RegistryURL(address.contains("://") ? address : "https://" + address), !url.target.contains("?") else {
        throw fail("'\(printable(address, limit: 100))' is no http or https address")
      }
      while url.target.hasSuffix("/") { url.target.removeLast() }
      if try boolean(table, "override_path") != true, !url.target.hasSuffix("/v2") { url.target += "/v2" }
      var host = RegistryHost(base: url)
      try apply(table, to: &host)
      return host
    }

    func apply(_ table: TOMLValue.Table, to host: inout RegistryHost) throws(TOMLParser.Failure) {
      if let capabilities = table["capabilities"] {
        let names = try strings(capabilities, "capabilities")
        (host.resolves, host.pulls) = (names.contains("resolve"), names.contains("pull"))
      }
      if let authorities = table["ca"] { host.profile.authorities = try strings(authorities, "ca").map(absolute) }
      if let clients = table["client"] { host.profile.clients = try identities(clients) }
      host.profile.skipsVerification = try boolean(table, "skip_verify") ?? false
      guard case .table(let headers)? = table["header"] else { return }
      for entry in headers.entries {
        for value in try strings(entry.value, "header.\(entry.key)") {
          guard (entry.key + value).utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
            throw fail("header.\(entry.key) has control characters")
          }
          host.headers.append(RegistryHost.Header(name: entry.key, value: value))
        }
      }
    }

    /// A path, a list of paths, or a list of pairs of certificate and key.
    private func identities(_ value: TOMLValue) throws(TOMLParser.Failure) -> [TLSProfile.Client] {
      var found: [TLSProfile.Client] = []
      guard case .array(let elements) = value else {
        return try strings(value, "client").map { TLSProfile.Client(certificate: absolute($0), key: nil) }
      }
      for element in elements {
        let paths = try strings(element, "client").map(absolute)
        guard let first = paths.first, paths.count <= 2 else { throw fail("client is a certificate, or a certificate and its key") }
        found.append(TLSProfile.Client(certificate: first, key: paths.count == 2 && !paths[1].hasSuffix("/") ? paths[1] : nil))
      }
      return found
    }

    private func boolean(_ table: TOMLValue.Table, _ key: String) throws(TOMLParser.Failure) -> Bool? {
      guard let value = table[key] else { return nil }
      guard case .boolean(let flag) = value else { throw fail("\(key) is true or false") }
      return flag
    }

    private func strings(_ value: TOMLValue, _ key: String) throws(TOMLParser.Failure) -> [String] {
      switch value {
      case .string(let text): return [text]
      case .array(let elements):
        var texts: [String] = []
        for element in elements {
          guard case .string(let text) = element else { throw fail("\(key) holds strings") }
          texts.append(text)
        }
        return texts
      default: throw fail("\(key) is a string or a list of strings")
      }
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }

    private func fail(_ what: String) -> TOMLParser.Failure { TOMLParser.Failure(line: 1, what: what) }
  }
}
