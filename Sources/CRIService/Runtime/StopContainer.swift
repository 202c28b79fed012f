import CRIProto
import RuntimeAPI

extension RuntimeService {
  func stopContainer(_ request: Runtime_V1_StopContainerRequest) async throws(RuntimeError) -> Runtime_V1_StopContainerResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    try await runtime.stopContainer(id, timeout: max(0, request.timeout))
    return Runtime_V1_StopContainerResponse()
  }
}
