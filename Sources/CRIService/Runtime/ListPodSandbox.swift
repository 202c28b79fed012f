import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func listPodSandbox(_ request: Runtime_V1_ListPodSandboxRequest) async throws(RuntimeError) -> Runtime_V1_ListPodSandboxResponse {
    let items = try await runtime.listPodSandboxes(SandboxFilter(request.filter))
    var response = Runtime_V1_ListPodSandboxResponse()
    response.items = items.map(Runtime_V1_PodSandbox.init)
    return response
  }
}
