import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func updatePodSandboxResources(
    _ request: Runtime_V1_UpdatePodSandboxResourcesRequest
  ) async throws(RuntimeError) -> Runtime_V1_UpdatePodSandboxResourcesResponse {
    try await runtime.updatePodSandboxResources(
      SandboxID(try required(request.podSandboxID, "pod_sandbox_id")),
      overhead: request.hasOverhead ? LinuxResources(request.overhead) : nil,
      resources: request.hasResources ? LinuxResources(request.resources) : nil)
    return Runtime_V1_UpdatePodSandboxResourcesResponse()
  }
}
