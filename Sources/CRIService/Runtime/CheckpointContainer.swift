import CRIProto
import RuntimeAPI

extension RuntimeService {
  func checkpointContainer(
    _ request: Runtime_V1_CheckpointContainerRequest
  ) async throws(RuntimeError) -> Runtime_V1_CheckpointContainerResponse {
    try await runtime.checkpointContainer(
      ContainerID(try required(request.containerID, "container_id")), location: try required(request.location, "location"),
      timeout: request.timeout)
    return Runtime_V1_CheckpointContainerResponse()
  }
}
