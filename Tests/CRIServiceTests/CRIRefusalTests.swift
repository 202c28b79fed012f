import CRIClient
import RuntimeAPI
import Testing

@Suite("What the CRI refuses, and what it tells slow readers", .timeLimit(.minutes(5)))
struct CRIRefusalTests {
  @Test("A CDI device asked for by annotation is refused, as one in its own field is")
  func annotatedDevice() async throws {
    try await withCRIServer { client, _, _ in
      var config = ContainerConfig(metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "i"))
      config.annotations = ["cdi.k8s.io/gpu": "vendor.com/gpu=0"]
      let error = await #expect(throws: RuntimeError.self) {
        try await client.createContainer(config, in: SandboxID("s"), sandboxConfig: sandboxConfig)
      }
      #expect(error?.code == .unimplemented)
      #expect(error?.message.contains("cdi.k8s.io/gpu") == true)
    }
  }
}
