import TestSupport
import Testing

@testable import Registry

@Suite("Fuzz: what registries send and their files say") struct RegistryFuzzTests {
  @Test("damaged hosts.toml never ends the process") func hostsFiles() async throws {
    let text =
      "server = \"https://x\"\n[host.\"https://y\"]\nca = [\"a\", 'b']\n[host.\"https://y\".header]\nz = { a = 1, b.c = true }\n"
    try await Fuzzer("hosts-toml", corpus: [Array(text.utf8)], tokens: ["[", "]", "\"", "=", "{", "}", ".", "#", "\\u0041"]).run {
      bytes, _ in
      _ = try? HostsFile(bytes, directory: "/d", registry: "me.example")
    }
  }

  @Test("neither do damaged challenges and locations") func headers() async throws {
    let corpus = ["Bearer realm=\"https://a\", service=\"b\\\"c\", Basic realm=x", "https://[::1]:5000/v2/a?b=c#d"]
    try await Fuzzer("registry-headers", corpus: corpus.map { Array($0.utf8) }, tokens: [",", "=", "\"", "://", "[", "]", ":"]).run
    { bytes, _ in
      let text = String(decoding: bytes, as: UTF8.self)
      _ = Challenge.parse([text])
      _ = RegistryURL(text)?.following(text)?.appending("/x").adding(query: [(text, text)]).description
    }
  }
}
