import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func listPodSandboxStats(
    _ request: Runtime_V1_ListPodSandboxStatsRequest
  ) async throws(RuntimeError) -> Runtime_V1_ListPodSandboxStatsResponse {
    let stats = try await runtime.listPodSandboxStats(SandboxFilter(request.filter))
    var response = Runtime_V1_ListPodSandboxStatsResponse()
    response.stats = stats.map(Runtime_V1_PodSandboxStats.init)
    return response
  }
}
