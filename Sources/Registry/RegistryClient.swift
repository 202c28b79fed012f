internal import LinuxSystem

/// Pulls from registries: OCI distribution and Docker v2, reading only. Source: distribution-spec, "Pull".
public struct RegistryClient: Sendable {
  public struct Settings: Sendable {
    /// A directory like containerd's `certs.d`; nil: every registry is asked at its own address.
    public var hostsDirectory: String?
    /// A `config.json` as Docker and kubelets have it; nil: only what a pull brings along.
    public var credentialsFile: String?
    /// Longest time without progress.
    public var patience: Duration
    public var proxies: ProxySettings
    var retries = RetryPolicy()

    public init(
      hostsDirectory: String? = nil, credentialsFile: String? = nil, patience: Duration = .seconds(60),
      proxies: ProxySettings = ProxySettings()
    ) {
      (self.hostsDirectory, self.credentialsFile, self.patience) = (hostsDirectory, credentialsFile, patience)
      self.proxies = proxies
    }
  }
  private let settings: Settings

  public init(settings: Settings) { self.settings = settings }

  /// Whether a registry has a directory of its own in the settings.
  public func knows(_ registry: String) async -> Bool {
    let directory = HostsDirectory(path: settings.hostsDirectory)
    return await runBlocking { directory.knows(registry) }
  }

  /// For one pull of one repository; `close` it afterwards.
  /// - Parameters:
  ///   - registry: host and port as the image's name has them.
  ///   - credential: for this registry alone; nil: what `config.json` says.
  public func open(
    registry: String, path: String, credential: RegistryCredential? = nil
  ) async throws(RegistryError) -> RegistrySession {
    let settings = settings
    let hosts = try await runBlocking { () throws(RegistryError) -> [(RegistryHost, RegistryCredential?)] in
      let file = settings.credentialsFile.map { CredentialFile(path: $0) }
      var hosts: [(RegistryHost, RegistryCredential?)] = []
      for host in try HostsDirectory(path: settings.hostsDirectory).hosts(for: registry) {
        // A mirror is another host: what is for the registry is not for it.
        if !host.isMirror, let credential {
          hosts.append((host, credential))
        } else {
          hosts.append((host, try file?.credential(registry: host.isMirror ? host.name : registry, path: path)))
        }
      }
      return hosts
    }
    return RegistrySession(registry: registry, path: path, hosts: hosts, settings: settings)
  }
}
