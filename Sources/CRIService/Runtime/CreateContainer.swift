import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func createContainer(
    _ request: Runtime_V1_CreateContainerRequest
  ) async throws(RuntimeError) -> Runtime_V1_CreateContainerResponse {
    let sandbox = SandboxID(try required(request.podSandboxID, "pod_sandbox_id"))
    try require(request.hasConfig, "config")
    try request.config.validate("config")
    try require(request.hasSandboxConfig, "sandbox_config")
    let config = try ContainerConfig(request.config, field: "config")
    let sandboxConfig = try SandboxConfig(request.sandboxConfig, field: "sandbox_config")
    var response = Runtime_V1_CreateContainerResponse()
    response.containerID = try await runtime.createContainer(config, in: sandbox, sandboxConfig: sandboxConfig).rawValue
    return response
  }
}
