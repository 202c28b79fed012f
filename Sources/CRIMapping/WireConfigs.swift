import CRIProto
package import RuntimeAPI
import SwiftProtobuf

/// The configurations of sandboxes and containers as the bytes of their CRI messages: what the runtime keeps on disk. Fields that this
/// version does not know survive.
extension SandboxConfig {
  package func wireBytes() throws(RuntimeError) -> [UInt8] {
    if !wire.bytes.isEmpty { return wire.bytes }
    return try bytes(of: Runtime_V1_PodSandboxConfig(self))
  }

  package init(wireBytes: [UInt8]) throws(RuntimeError) {
    try self.init(try message(wireBytes, Runtime_V1_PodSandboxConfig.self), field: "config")
    wire = WireForm()
  }

  /// With the field names of the CRI, as clients of `crictl inspectp` read it.
  package func jsonText() -> String { json(of: Runtime_V1_PodSandboxConfig(self)) }
}

extension ContainerConfig {
  package func wireBytes() throws(RuntimeError) -> [UInt8] {
    if !wire.bytes.isEmpty { return wire.bytes }
    return try bytes(of: Runtime_V1_ContainerConfig(self))
  }

  package init(wireBytes: [UInt8]) throws(RuntimeError) {
    try self.init(try message(wireBytes, Runtime_V1_ContainerConfig.self), field: "config")
    wire = WireForm()
  }

  /// With the field names of the CRI, as clients of `crictl inspect` read it.
  package func jsonText() -> String { json(of: Runtime_V1_ContainerConfig(self)) }
}

extension LinuxResources {
  package func wireBytes() throws(RuntimeError) -> [UInt8] { try bytes(of: Runtime_V1_LinuxContainerResources(self)) }
  package init(wireBytes: [UInt8]) throws(RuntimeError) {
    self.init(try message(wireBytes, Runtime_V1_LinuxContainerResources.self))
  }
}

extension ContainerStatus {
  package func jsonText() -> String { json(of: Runtime_V1_ContainerStatus(self)) }
}

/// The message as it came, unknown fields included.
func wireForm(_ message: some Message) -> WireForm {
  do { return WireForm(try message.serializedBytes()) } catch { return WireForm() }
}

private func bytes(of message: some Message) throws(RuntimeError) -> [UInt8] {
  do { return try message.serializedBytes() } catch {
    throw RuntimeError(.internalError, "cannot encode \(type(of: message).protoMessageName)", cause: error)
  }
}

private func message<M: Message>(_ bytes: [UInt8], _ type: M.Type) throws(RuntimeError) -> M {
  do { return try M(serializedBytes: bytes) } catch {
    throw RuntimeError(.dataLoss, "cannot decode \(M.protoMessageName)", cause: error)
  }
}

private func json(of message: some Message) -> String {
  var options = JSONEncodingOptions()
  options.preserveProtoFieldNames = true
  do { return try message.jsonString(options: options) } catch { return "{\"error\":\"\(error)\"}" }
}
