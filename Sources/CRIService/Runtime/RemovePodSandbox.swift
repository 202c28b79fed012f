import CRIProto
import RuntimeAPI

extension RuntimeService {
  func removePodSandbox(
    _ request: Runtime_V1_RemovePodSandboxRequest
  ) async throws(RuntimeError) -> Runtime_V1_RemovePodSandboxResponse {
    try await runtime.removePodSandbox(SandboxID(required(request.podSandboxID, "pod_sandbox_id")))
    return Runtime_V1_RemovePodSandboxResponse()
  }
}
