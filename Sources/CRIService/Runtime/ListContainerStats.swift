import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func listContainerStats(
    _ request: Runtime_V1_ListContainerStatsRequest
  ) async throws(RuntimeError) -> Runtime_V1_ListContainerStatsResponse {
    let stats = try await runtime.listContainerStats(ContainerFilter(request.filter))
    var response = Runtime_V1_ListContainerStatsResponse()
    response.stats = stats.map(Runtime_V1_ContainerStats.init)
    return response
  }
}
