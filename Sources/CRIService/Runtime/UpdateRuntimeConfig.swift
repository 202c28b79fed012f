import CRIProto
import RuntimeAPI

extension RuntimeService {
  /// An empty CIDR changes nothing.
  func updateRuntimeConfig(
    _ request: Runtime_V1_UpdateRuntimeConfigRequest
  ) async throws(RuntimeError) -> Runtime_V1_UpdateRuntimeConfigResponse {
    let cidr = request.runtimeConfig.networkConfig.podCidr
    if !cidr.isEmpty { try await runtime.updateRuntimeConfig(podCIDR: cidr) }
    return Runtime_V1_UpdateRuntimeConfigResponse()
  }
}
