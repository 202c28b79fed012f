import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func runPodSandbox(_ request: Runtime_V1_RunPodSandboxRequest) async throws(RuntimeError) -> Runtime_V1_RunPodSandboxResponse {
    try require(request.hasConfig, "config")
    try request.config.validate("config")
    let config = try SandboxConfig(request.config, field: "config")
    var response = Runtime_V1_RunPodSandboxResponse()
    response.podSandboxID = try await runtime.runPodSandbox(config, handler: request.runtimeHandler).rawValue
    return response
  }
}
