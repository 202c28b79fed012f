import CRIProto
import RuntimeAPI

extension RuntimeService {
  func startContainer(_ request: Runtime_V1_StartContainerRequest) async throws(RuntimeError) -> Runtime_V1_StartContainerResponse {
    try await runtime.startContainer(ContainerID(required(request.containerID, "container_id")))
    return Runtime_V1_StartContainerResponse()
  }
}
