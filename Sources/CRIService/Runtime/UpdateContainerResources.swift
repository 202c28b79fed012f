import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func updateContainerResources(
    _ request: Runtime_V1_UpdateContainerResourcesRequest
  ) async throws(RuntimeError) -> Runtime_V1_UpdateContainerResourcesResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    try require(request.hasLinux, "linux")
    try await runtime.updateContainerResources(id, LinuxResources(request.linux))
    return Runtime_V1_UpdateContainerResourcesResponse()
  }
}
