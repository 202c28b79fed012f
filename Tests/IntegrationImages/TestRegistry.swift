import Foundation
import NIOHTTP1
import OCISpec
import RegistrySupport
import Synchronization

@testable import Images
@testable import Registry

/// A registry with images in it, which a test may spoil.
final class TestRegistry: Sendable {
  typealias Spoil = @Sendable (ScriptedServer.Request, ScriptedServer.Answer) -> ScriptedServer.Answer
  private let blobs = Mutex<[String: [UInt8]]>([:])
  private let tags = Mutex<[String: (digest: String, type: String)]>([:])
  private let spoil: Spoil

  init(spoil: @escaping Spoil = { $1 }) { self.spoil = spoil }

  func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
    let parts = request.path.split(separator: "/").map(String.init)
    guard parts.count >= 4, let name = parts.last else { return .init(status: "404 Not Found") }
    if parts[parts.count - 2] == "manifests" {
      let repository = parts[1..<(parts.count - 2)].joined(separator: "/")
      let found = tags.withLock { $0["\(repository):\(name)"] ?? $0[name] }
      guard let found, let bytes = blobs.withLock({ $0[found.digest] }) else {
        return spoil(request, .init(status: "404 Not Found"))
      }
      return spoil(request, .init(headers: [("Content-Type", found.type)], body: bytes))
    }
    guard let bytes = blobs.withLock({ $0[name] }) else { return spoil(request, .init(status: "404 Not Found")) }
    if let range = request.headers.first(name: "range").flatMap({ Int($0.dropFirst(6).dropLast()) }), range < bytes.count {
      return spoil(
        request,
        .init(
          status: "206 Partial Content", headers: [("Content-Range", "bytes \(range)-\(bytes.count - 1)/\(bytes.count)")],
          body: Array(bytes[range...])))
    }
    return spoil(request, .init(body: bytes))
  }

  @discardableResult
  func put(_ bytes: [UInt8]) -> String {
    blobs.withLock { $0[Digest.of(bytes)] = bytes }
    return Digest.of(bytes)
  }

  /// Makes a document known as a manifest, by digest and by `repository:tag`.
  @discardableResult
  func put(manifest bytes: [UInt8], _ type: MediaType = .ociManifest, as name: String? = nil) -> String {
    let digest = put(bytes)
    tags.withLock { tags in
      tags[digest] = (digest, type.rawValue)
      if let name { tags[name] = (digest, type.rawValue) }
    }
    return digest
  }

  func manifest(_ digest: String) -> [UInt8] { blobs.withLock { $0[digest] ?? [] } }

  /// - Returns: the manifest's digest.
  @discardableResult
  func put(_ image: TestImage, as name: String) throws -> String {
    var manifest: [UInt8] = []
    for (path, bytes) in try image.layout() where path.hasPrefix("blobs/") {
      put(bytes)
      if bytes.starts(with: Array(#"{"config""#.utf8)), (try? JSONDecoder().decode(ImageManifest.self, from: Data(bytes))) != nil {
        manifest = bytes
      }
    }
    return put(manifest: manifest, as: name)
  }
}

extension ImageFixture {
  /// The service with registries as a test needs them.
  static func registries(
    _ hosts: String? = nil, credentials: String? = nil, patience: Duration = .seconds(60), environment: [String: String] = [:]
  ) -> RegistryClient {
    var settings = RegistryClient.Settings(
      hostsDirectory: hosts, credentialsFile: credentials, patience: patience, proxies: ProxySettings(environment: environment))
    settings.retries = RetryPolicy(attempts: 5, first: .milliseconds(1), longest: .milliseconds(2), longestRequested: 0)
    return RegistryClient(settings: settings)
  }
}
