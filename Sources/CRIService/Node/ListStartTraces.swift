import CRIMapping
import CRIProto
import RuntimeAPI

extension NodeService {
  func listStartTraces(_ request: Swiftlet_V1_ListStartTracesRequest) async throws(RuntimeError)
    -> Swiftlet_V1_ListStartTracesResponse
  {
    var response = Swiftlet_V1_ListStartTracesResponse()
    response.traces = try await node.startTraces(namespace: request.namespace, name: request.name).map {
      Swiftlet_V1_StartTrace($0)
    }
    return response
  }
}
