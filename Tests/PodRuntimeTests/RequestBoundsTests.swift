import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("What no request may say")
struct RequestBoundsTests {
  private static let sandbox = SandboxConfig(metadata: SandboxMetadata(name: "web", uid: "u", namespace: "default"))
  private static let container = ContainerConfig(metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "i"))
  private static let long = String(repeating: "x", count: 100_000)

  private static func ofSandbox(_ change: (inout SandboxConfig) -> Void) -> String? {
    var config = sandbox
    change(&config)
    do { try RequestBounds.check(config) } catch { return error.code == .invalidArgument ? error.message : "wrong code" }
    return nil
  }

  private static func ofContainer(_ change: (inout ContainerConfig) -> Void) -> String? {
    var config = container
    change(&config)
    do { try RequestBounds.check(config) } catch { return error.code == .invalidArgument ? error.message : "wrong code" }
    return nil
  }

  @Test("of a sandbox: names that are two names, host names no kernel takes, paths that lead away, thousands of things")
  func sandboxes() {
    #expect(Self.ofSandbox { (_: inout SandboxConfig) in } == nil)
    for name in ["a/b", "/", "a\0"] {
      #expect(Self.ofSandbox { $0.metadata.name = name }?.contains("metadata.name") == true)
      #expect(Self.ofSandbox { $0.metadata.namespace = name }?.contains("metadata.namespace") == true)
      #expect(Self.ofSandbox { $0.metadata.uid = name }?.contains("metadata.uid") == true)
    }
    #expect(Self.ofSandbox { $0.hostname = String(repeating: "h", count: 64) } == nil)
    #expect(Self.ofSandbox { $0.hostname = Self.long }?.contains("more than 64 bytes") == true)
    for parent in ["..", "/a/../b", "a\n"] {
      #expect(Self.ofSandbox { $0.cgroupParent = parent }?.contains("cgroup_parent") == true)
    }
    #expect(Self.ofSandbox { $0.cgroupParent = "/kubepods/pod..x" } == nil)
    let ports = { (count: Int) in
      (0..<count).map { PortMapping(transport: .tcp, containerPort: 1, hostPort: Int32($0 % 60_000 + 1), hostIP: "") }
    }
    #expect(Self.ofSandbox { $0.portMappings = ports(4096) } == nil)
    #expect(Self.ofSandbox { $0.portMappings = ports(4097) }?.contains("4097 port mappings") == true)
    #expect(Self.ofSandbox { $0.sysctls = ["net.\(Self.long)": "1"] }?.contains("255 bytes") == true)
    #expect(
      Self.ofSandbox { $0.sysctls = Dictionary(uniqueKeysWithValues: (0..<1001).map { ("net.\($0)", "1") }) }?.contains("1001")
        == true)
    #expect(Self.ofSandbox { $0.logDirectory = "/a\0b" }?.contains("NUL") == true)
  }

  @Test("of a container: a NUL anywhere, and thousands of things")
  func containers() {
    #expect(Self.ofContainer { (_: inout ContainerConfig) in } == nil)
    let changes: [(inout ContainerConfig) -> Void] = [
      { $0.command = ["a", "b\0"] }, { $0.args = ["\0"] }, { $0.workingDirectory = "/\0" }, { $0.logPath = "a\0" },
      { $0.environment = [EnvironmentVariable(name: "A", value: "b\0")] },
      { $0.environment = [EnvironmentVariable(name: "A\0", value: "b")] },
      { $0.mounts = [Mount(containerPath: "/a\0", hostPath: "/b")] },
      { $0.mounts = [Mount(containerPath: "/a", hostPath: "/b\0")] },
      { $0.devices = [Device(containerPath: "/a\0", hostPath: "/dev/null", permissions: "r")] },
      { $0.securityContext.maskedPaths = ["/proc/\0"] }, { $0.securityContext.readOnlyPaths = ["/proc/\0"] },
    ]
    for (index, change) in changes.enumerated() { #expect(Self.ofContainer(change)?.contains("NUL") == true, "\(index)") }
    let device = Device(containerPath: "/dev/x", hostPath: "/dev/null", permissions: "r")
    #expect(Self.ofContainer { $0.devices = Array(repeating: device, count: 1001) }?.contains("1001 devices") == true)
    #expect(Self.ofContainer { $0.securityContext.maskedPaths = Array(repeating: "/x", count: 10_001) }?.contains("10001") == true)
  }

  @Test("labels and annotations that would fill every answer; what they quote is short")
  func descriptions() {
    let mebibyte = ["a": String(repeating: "x", count: 1 << 20)]
    #expect(
      Self.ofSandbox { (config: inout SandboxConfig) in config.labels = mebibyte }?.contains("labels and annotations") == true)
    #expect(
      Self.ofContainer { (config: inout ContainerConfig) in config.annotations = mebibyte }?.contains("1048577 bytes") == true)
    // As much as the API server lets through.
    let usual = ["a": String(repeating: "x", count: 256 << 10)]
    #expect(Self.ofContainer { (config: inout ContainerConfig) in (config.labels, config.annotations) = (usual, usual) } == nil)
    #expect((Self.ofSandbox { $0.hostname = Self.long } ?? "").utf8.count < 200)
    #expect(Self.ofSandbox { $0.cgroupParent = "a\nb" }?.contains("\n") == false)
  }
}
