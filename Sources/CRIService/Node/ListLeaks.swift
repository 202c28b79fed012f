import CRIMapping
import CRIProto
import RuntimeAPI

extension NodeService {
  func listLeaks(_ request: Swiftlet_V1_ListLeaksRequest) async throws(RuntimeError) -> Swiftlet_V1_ListLeaksResponse {
    var response = Swiftlet_V1_ListLeaksResponse()
    response.leaks = try await node.leaks().map { Swiftlet_V1_Leak($0) }
    return response
  }
}
