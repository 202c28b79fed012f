import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func podSandboxStats(
    _ request: Runtime_V1_PodSandboxStatsRequest
  ) async throws(RuntimeError) -> Runtime_V1_PodSandboxStatsResponse {
    let id = SandboxID(try required(request.podSandboxID, "pod_sandbox_id"))
    var response = Runtime_V1_PodSandboxStatsResponse()
    response.stats = Runtime_V1_PodSandboxStats(try await runtime.podSandboxStats(id))
    return response
  }
}
