import CRIProto
import RuntimeAPI

extension NodeService {
  func listPods(_ request: Swiftlet_V1_ListPodsRequest) async throws(RuntimeError) -> Swiftlet_V1_ListPodsResponse {
    var response = Swiftlet_V1_ListPodsResponse()
    response.pods = try await node.podsJSON(namespace: request.namespace, name: request.name)
    return response
  }
}
