import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func status(_ request: Runtime_V1_StatusRequest) async throws(RuntimeError) -> Runtime_V1_StatusResponse {
    return Runtime_V1_StatusResponse(try await runtime.status(verbose: request.verbose))
  }
}
