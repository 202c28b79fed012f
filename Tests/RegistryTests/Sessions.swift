import OCISpec
import TestSupport
@testable import Registry

/// Settings for tests: retries at once, little patience.
func testSettings(hosts: String? = nil, credentials: String? = nil, patience: Duration = .seconds(30)) -> RegistryClient.Settings {
  var settings = RegistryClient.Settings(hostsDirectory: hosts, credentialsFile: credentials, patience: patience)
  settings.retries = RetryPolicy(attempts: 5, first: .milliseconds(1), longest: .milliseconds(2), longestRequested: 0)
  return settings
}

func withSession<R>(
  _ registry: String, path: String = "app", credential: RegistryCredential? = nil,
  settings: RegistryClient.Settings = testSettings(),
  _ body: (RegistrySession) async throws -> R
) async throws -> R {
  let session = try await RegistryClient(settings: settings).open(registry: registry, path: path, credential: credential)
  defer { session.close() }
  return try await body(session)
}

func basic(_ user: String, _ password: String) -> RegistryCredential {
  RegistryCredential(.basic(user: user, password: password), source: "credentials of the test")
}

/// The error of a call that must fail.
func registryFailure(_ body: () async throws -> Void) async -> RegistryError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? RegistryError
  }
}

let manifestText = #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}"#
