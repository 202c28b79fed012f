import CRIClient
import CRIMapping
import CRIProto
import GRPCTransport
import RuntimeAPI
import TestSupport
import Testing

@Suite("What the CRI refuses", .timeLimit(.minutes(5)))
struct CRIRefusalTests {
  private static let container = ContainerConfig(
    metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "localhost/busybox:1"))

  /// Sent as another client would: this project's own values have no place for labels.
  @Test("an SELinux label is refused by the name of its field, and nothing is made", arguments: ["user", "role", "type", "level"])
  func labels(_ part: String) async throws {
    try await withCRIServer { client, runtime, path in
      let wire = GRPCClient(configuration: .init(socketPath: path))
      var run = Runtime_V1_RunPodSandboxRequest()
      run.config = Runtime_V1_PodSandboxConfig(sandboxConfig)
      run.config.linux.securityContext.selinuxOptions = Self.option(part)
      let refused = await Self.status {
        let _: Runtime_V1_RunPodSandboxResponse = try await wire.unary("/runtime.v1.RuntimeService/RunPodSandbox", run)
      }
      #expect(refused?.code == .unimplemented)
      #expect(refused?.message.contains("config.linux.security_context.selinux_options") == true)
      #expect(try await client.listPodSandboxes(SandboxFilter()).isEmpty)

      let sandbox = try await client.runPodSandbox(sandboxConfig, handler: "")
      var create = Runtime_V1_CreateContainerRequest()
      create.podSandboxID = sandbox.rawValue
      create.config = Runtime_V1_ContainerConfig(Self.container)
      create.sandboxConfig = Runtime_V1_PodSandboxConfig(sandboxConfig)
      create.config.linux.securityContext.selinuxOptions = Self.option(part)
      let path = "/runtime.v1.RuntimeService/CreateContainer"
      let other = await Self.status { let _: Runtime_V1_CreateContainerResponse = try await wire.unary(path, create) }
      #expect(other?.code == .unimplemented)
      #expect(runtime.containerConfigs.isEmpty)
      // The same request without the label is taken: it was the label.
      create.config.linux.securityContext.selinuxOptions = Runtime_V1_SELinuxOption()
      let _: Runtime_V1_CreateContainerResponse = try await wire.unary(path, create)
      await wire.close()
    }
  }

  private static func option(_ part: String) -> Runtime_V1_SELinuxOption {
    var option = Runtime_V1_SELinuxOption()
    switch part {
    case "user": option.user = "system_u"
    case "role": option.role = "system_r"
    case "type": option.type = "container_t"
    default: option.level = "s0:c1,c2"
    }
    return option
  }

  private static func status(_ call: () async throws -> Void) async -> GRPCStatus? {
    do { try await call() } catch { return error as? GRPCStatus }
    return nil
  }
}
