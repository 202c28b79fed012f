import CRIProto
import RuntimeAPI

extension RuntimeService {
  /// `version` is the kubelet's name for the runtime API it speaks: always "0.1.0". Source: kubelet `kubeRuntimeAPIVersion`.
  func version(_ request: Runtime_V1_VersionRequest) async throws(RuntimeError) -> Runtime_V1_VersionResponse {
    let version = try await runtime.version()
    var response = Runtime_V1_VersionResponse()
    response.version = "0.1.0"
    response.runtimeName = version.runtimeName
    response.runtimeVersion = version.runtimeVersion
    response.runtimeApiVersion = version.apiVersion
    return response
  }
}
