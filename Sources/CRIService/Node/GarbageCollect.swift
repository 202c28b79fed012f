import CRIMapping
import CRIProto
import RuntimeAPI

extension NodeService {
  func garbageCollect(
    _ request: Swiftlet_V1_GarbageCollectRequest
  ) async throws(RuntimeError) -> Swiftlet_V1_GarbageCollectResponse {
    var response = Swiftlet_V1_GarbageCollectResponse()
    response.collected = try await node.collectGarbage(dryRun: request.dryRun).map { Swiftlet_V1_Leak($0) }
    return response
  }
}
