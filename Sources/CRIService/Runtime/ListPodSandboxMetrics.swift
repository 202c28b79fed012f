import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func listPodSandboxMetrics(
    _ request: Runtime_V1_ListPodSandboxMetricsRequest
  ) async throws(RuntimeError) -> Runtime_V1_ListPodSandboxMetricsResponse {
    var response = Runtime_V1_ListPodSandboxMetricsResponse()
    response.podMetrics = try await runtime.listPodSandboxMetrics().map(Runtime_V1_PodSandboxMetrics.init)
    return response
  }
}
