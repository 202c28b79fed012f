import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func containerStats(_ request: Runtime_V1_ContainerStatsRequest) async throws(RuntimeError) -> Runtime_V1_ContainerStatsResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    var response = Runtime_V1_ContainerStatsResponse()
    response.stats = Runtime_V1_ContainerStats(try await runtime.containerStats(id))
    return response
  }
}
