import Testing

@testable import Images

@Suite("Image references")
struct ImageReferenceTests {
  static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

  @Test(
    "are normalised as Docker does",
    arguments: [
      ("busybox", "docker.io/library/busybox:latest"), ("busybox:1.36", "docker.io/library/busybox:1.36"),
      ("library/busybox", "docker.io/library/busybox:latest"), ("me/app:v1", "docker.io/me/app:v1"),
      ("docker.io/busybox", "docker.io/library/busybox:latest"), ("index.docker.io/busybox", "docker.io/library/busybox:latest"),
      ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"), ("localhost/a/b", "localhost/a/b:latest"),
      ("localhost:5000/a", "localhost:5000/a:latest"), ("host:5000/a/b:t", "host:5000/a/b:t"), ("a/b/c", "docker.io/a/b/c:latest"),
      ("a_b-c.d:T_1.x-y", "docker.io/library/a_b-c.d:T_1.x-y"), ("busybox@" + digest, "docker.io/library/busybox@" + digest),
      ("busybox:1@" + digest, "docker.io/library/busybox:1@" + digest), ("10.0.0.1/x", "10.0.0.1/x:latest"),
    ])
  func normal(_ text: String, _ expected: String) throws { #expect(try ImageReference(text).description == expected) }

  @Test(
    "that are wrong are refused with the text",
    arguments: [
      "", " ", "Busybox", "busybox:", "busybox:-x", "busybox:.x", "busybox:a/b:", "busy box", "/busybox", "busybox/", "a//b",
      "../etc", "a/../b",
      "busybox@", "busybox@sha256:123", "busybox@md5:" + String(repeating: "0", count: 64),
      "busybox:" + String(repeating: "a", count: 129),
      String(repeating: "a", count: 513), "-a", "a-", "a\u{0}b", "bücher", "busybox@" + digest.uppercased(),
    ])
  func wrong(_ text: String) {
    let error = #expect(throws: ImageError.self) { try ImageReference(text) }
    #expect(error?.code == .invalidReference)
    #expect(error?.message.contains("'\(text)'") == true)
  }
}
