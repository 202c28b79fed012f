import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  /// `linux` is always present: a kubelet takes its absence for systemd.
  func runtimeConfig(_ request: Runtime_V1_RuntimeConfigRequest) async throws(RuntimeError) -> Runtime_V1_RuntimeConfigResponse {
    let driver = try await runtime.cgroupDriver()
    var response = Runtime_V1_RuntimeConfigResponse()
    response.linux.cgroupDriver = enumeration(driver)
    return response
  }
}
