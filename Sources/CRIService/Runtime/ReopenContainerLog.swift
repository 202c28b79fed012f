import CRIProto
import RuntimeAPI

extension RuntimeService {
  func reopenContainerLog(
    _ request: Runtime_V1_ReopenContainerLogRequest
  ) async throws(RuntimeError) -> Runtime_V1_ReopenContainerLogResponse {
    try await runtime.reopenContainerLog(ContainerID(required(request.containerID, "container_id")))
    return Runtime_V1_ReopenContainerLogResponse()
  }
}
