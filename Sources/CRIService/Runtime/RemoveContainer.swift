import CRIProto
import RuntimeAPI

extension RuntimeService {
  func removeContainer(
    _ request: Runtime_V1_RemoveContainerRequest
  ) async throws(RuntimeError) -> Runtime_V1_RemoveContainerResponse {
    try await runtime.removeContainer(ContainerID(required(request.containerID, "container_id")))
    return Runtime_V1_RemoveContainerResponse()
  }
}
