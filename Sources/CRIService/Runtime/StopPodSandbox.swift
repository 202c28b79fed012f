import CRIProto
import RuntimeAPI

extension RuntimeService {
  func stopPodSandbox(_ request: Runtime_V1_StopPodSandboxRequest) async throws(RuntimeError) -> Runtime_V1_StopPodSandboxResponse {
    try await runtime.stopPodSandbox(SandboxID(required(request.podSandboxID, "pod_sandbox_id")))
    return Runtime_V1_StopPodSandboxResponse()
  }
}
