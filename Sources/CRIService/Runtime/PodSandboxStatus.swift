import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func podSandboxStatus(
    _ request: Runtime_V1_PodSandboxStatusRequest
  ) async throws(RuntimeError) -> Runtime_V1_PodSandboxStatusResponse {
    let id = SandboxID(try required(request.podSandboxID, "pod_sandbox_id"))
    let (status, info) = try await runtime.podSandboxStatus(id, verbose: request.verbose)
    var response = Runtime_V1_PodSandboxStatusResponse()
    response.status = Runtime_V1_PodSandboxStatus(status)
    response.containersStatuses = status.containers.map(Runtime_V1_ContainerStatus.init)
    response.timestamp = status.timestamp
    response.info = info
    return response
  }
}
