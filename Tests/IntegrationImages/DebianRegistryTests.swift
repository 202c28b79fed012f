import Foundation
import OCISpec
import Registry
import RegistrySupport
import TestSupport
import Testing

@testable import Images

@Suite("Pulls from docker-registry with TLS and a password", .timeLimit(.minutes(5))) struct DebianRegistryTests {
  private static func service(_ scratch: ImageFixture, _ hosts: String?, _ credentials: String? = nil) throws -> ImageService {
    try ImageService(
      root: scratch.root, store: scratch.store, unpacker: Unpacker(program: ImageFixture.unpacker),
      registries: ImageFixture.registries(hosts, credentials: credentials))
  }

  private static func image(_ name: String) -> TestImage {
    var tar = Tar()
    tar.add(name, Array(repeating: 7, count: 300_000))
    return TestImage(layers: [tar.finished], compression: .gzip)
  }

  private static func with<R>(_ body: (DebianRegistry, ImageFixture) async throws -> R) async throws -> R {
    let registry = try DebianRegistry()
    let scratch = try ImageFixture()
    let isUp = await eventually { registry.isListening() }
    guard isUp else { throw Waiting("docker-registry") }
    try scratch.write(
      "certs.d/\(registry.registry)/ca.crt", Array(Data(contentsOf: URL(fileURLWithPath: DebianRegistry.authority))))
    return try await body(registry, scratch)
  }

  @Test("credentials of config.json, and those of the pull before them") func pulls() async throws {
    try await Self.with { registry, scratch in
      let image = Self.image("hello")
      try registry.put(image, repository: "team/app", tag: "v1")
      let name = "\(registry.registry)/team/app:v1"
      // user:secret
      let config = try scratch.write("config.json", Array(#"{"auths":{"\#(registry.registry)":{"auth":"dXNlcjpzZWNyZXQ="}}}"#.utf8))
      let hosts = "\(scratch.directory)/certs.d"
      let service = try Self.service(scratch, hosts, config)
      #expect(try await service.pull(name).id == image.id)
      let anonymous = try Self.service(scratch, hosts)
      let credentials = PullCredentials(username: "user", password: "secret")
      #expect(try await anonymous.pull(name, credentials: credentials).repoTags == [name])
      await #expect { try await service.pull(name, credentials: PullCredentials(username: "user", password: "wrong")) } throws: {
        error in
        let text = "\(error)"
        return (error as? ImageError)?.code == .denied && text.contains("(user user)") && text.contains("HTTP 401")
          && text.contains(registry.registry) && !text.contains("wrong")
      }
      // Those for another registry are not shown to this one.
      let other = PullCredentials(username: "user", password: "secret", serverAddress: "https://other.example/v1/")
      await #expect { try await anonymous.pull(name, credentials: other) } throws: { "\($0)".contains("no credentials") }
      await #expect { try await service.pull("\(registry.registry)/team/app:v2") } throws: {
        ($0 as? ImageError)?.code == .notFound
      }
    }
  }

  @Test("a certificate that nobody vouches for is refused, unless the settings say otherwise") func certificates() async throws {
    try await Self.with { registry, scratch in
      try registry.put(Self.image("hello"), repository: "team/app", tag: "v1")
      let name = "\(registry.registry)/team/app:v1"
      let credentials = PullCredentials(username: "user", password: "secret")
      func settings(_ text: String) throws -> String {
        try scratch.write("other/\(registry.registry)/hosts.toml", Array("server = \"https://\(registry.registry)\"\n\(text)".utf8))
        return "\(scratch.directory)/other"
      }
      let strict = try Self.service(scratch, try settings(""))
      await #expect { try await strict.pull(name, credentials: credentials) } throws: { error in
        (error as? ImageError)?.code == .configuration && "\(error)".contains("certificate")
      }
      let careless = try Self.service(scratch, try settings("skip_verify = true"))
      #expect(try await careless.pull(name, credentials: credentials).repoTags == [name])
      // Plain HTTP where TLS is spoken.
      let plain = try Self.service(scratch, nil)
      await #expect { try await plain.pull(name, credentials: credentials) } throws: { error in "\(error)".contains("HTTP 400") }
    }
  }

  @Test("through a proxy's tunnel, TLS is the registry's") func tunnel() async throws {
    try await Self.with { registry, scratch in
      let image = Self.image("hello")
      try registry.put(image, repository: "team/app", tag: "v1")
      let name = "registry.test:\(registry.port)"
      try scratch.write("other/\(name)/hosts.toml", Array("server = \"https://\(name)\"\nskip_verify = true\n".utf8))
      try await TunnelProxy.with(to: registry.port) { proxy in
        let service = try ImageService(
          root: scratch.root, store: scratch.store, unpacker: Unpacker(program: ImageFixture.unpacker),
          registries: ImageFixture.registries(
            "\(scratch.directory)/other", environment: ["HTTPS_PROXY": "http://me:word@127.0.0.1:\(proxy.port)"]))
        let credentials = PullCredentials(username: "user", password: "secret")
        let pulled = try await service.pull("\(name)/team/app:v1", credentials: credentials)
        #expect(pulled.id == image.id && pulled.repoTags == ["\(name)/team/app:v1"])
        let isAsked = proxy.seen.allSatisfy {
          $0.hasPrefix("CONNECT \(name) HTTP/1.1\r\n") && $0.contains("Proxy-Authorization: Basic bWU6d29yZA==")
        }
        #expect(isAsked && !proxy.seen.isEmpty)
        // What is for the registry is not for the proxy.
        #expect(!proxy.seen.contains { $0.contains("secret") || $0.contains("dXNlcjpzZWNyZXQ=") })
      }
    }
  }
}
