import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func listContainers(_ request: Runtime_V1_ListContainersRequest) async throws(RuntimeError) -> Runtime_V1_ListContainersResponse {
    let containers = try await runtime.listContainers(ContainerFilter(request.filter))
    var response = Runtime_V1_ListContainersResponse()
    response.containers = containers.map(Runtime_V1_Container.init)
    return response
  }
}
