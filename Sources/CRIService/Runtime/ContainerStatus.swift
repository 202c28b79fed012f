import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func containerStatus(
    _ request: Runtime_V1_ContainerStatusRequest
  ) async throws(RuntimeError) -> Runtime_V1_ContainerStatusResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    let (status, info) = try await runtime.containerStatus(id, verbose: request.verbose)
    var response = Runtime_V1_ContainerStatusResponse()
    response.status = Runtime_V1_ContainerStatus(status)
    response.info = info
    return response
  }
}
