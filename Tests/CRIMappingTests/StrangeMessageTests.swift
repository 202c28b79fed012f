import CRIMapping
import CRIProto
import Foundation
import RuntimeAPI
import SwiftProtobuf
import Testing

@Suite("Messages that this version does not understand") struct StrangeMessageTests {
  @Test("a number that an enumeration does not have is refused by the name of its field")
  func enumerations() {
    var port = Runtime_V1_PortMapping()
    port.protocol = .UNRECOGNIZED(77)
    var sandbox = Runtime_V1_PodSandboxConfig()
    sandbox.portMappings = [port]
    let error = #expect(throws: RuntimeError.self) { try SandboxConfig(sandbox, field: "config") }
    #expect(error?.code == .invalidArgument)
    #expect(error?.description.contains("config.port_mappings.protocol: unknown value 77") == true)
    var container = Runtime_V1_ContainerConfig()
    container.linux.securityContext.namespaceOptions.pid = .UNRECOGNIZED(-1)
    let other = #expect(throws: RuntimeError.self) { try ContainerConfig(container, field: "config") }
    #expect(other?.description.contains("config.linux.security_context.namespace_options.pid: unknown value -1") == true)
  }

  @Test("an environment that is no text is refused; an empty one is not")
  func environment() throws {
    var message = Runtime_V1_ContainerConfig()
    var variable = Runtime_V1_KeyValue()
    variable.key = "A"
    message.envs = [variable]
    #expect(try ContainerConfig(message, field: "config").environment == [EnvironmentVariable(name: "A", value: "")])
    message.envs[0].value = Data([0xFF, 0xFE])
    let error = #expect(throws: RuntimeError.self) { try ContainerConfig(message, field: "config") }
    #expect(error?.description.contains("the value of A is not UTF-8") == true)
  }

  @Test("fields of a later version survive on disk, and absent ones stay absent")
  func unknownFields() throws {
    // Field 4000, a varint: nothing has it.
    let unknown: [UInt8] = [0x80, 0xFA, 0x01, 0x07]
    var message = Runtime_V1_ContainerConfig()
    message.metadata.name = "c"
    let bytes: [UInt8] = try message.serializedBytes() + unknown
    let config = try ContainerConfig(Runtime_V1_ContainerConfig(serializedBytes: bytes), field: "config")
    let kept = try config.wireBytes()
    #expect(kept.suffix(unknown.count) == unknown[...])
    let back = try ContainerConfig(wireBytes: kept)
    #expect(back.metadata.name == "c" && back.resources == nil && back.securityContext.runAsUser == nil)
    #expect(back == config)
    #expect(throws: RuntimeError.self) { try ContainerConfig(wireBytes: [0xFF]) }
  }

  @Test(
    "the deprecated ways to name a profile count where the new ones are absent",
    arguments: [("unconfined", SecurityProfileType.unconfined), ("runtime/default", .runtimeDefault), ("localhost/p", .localhost)])
  func deprecatedProfiles(_ path: String, _ type: SecurityProfileType) throws {
    var message = Runtime_V1_LinuxContainerSecurityContext()
    message.seccompProfilePath = path
    #expect(try ContainerSecurityContext(message, field: "f").seccomp?.type == type)
    message.seccomp.profileType = .unconfined
    #expect(try ContainerSecurityContext(message, field: "f").seccomp?.type == .unconfined)
  }
}
