import CRIProto
import RuntimeAPI

extension RuntimeService {
  func portForward(_ request: Runtime_V1_PortForwardRequest) async throws(RuntimeError) -> Runtime_V1_PortForwardResponse {
    let id = SandboxID(try required(request.podSandboxID, "pod_sandbox_id"))
    for port in request.port {
      guard (1...65535).contains(port) else { throw RuntimeError(.invalidArgument, "port: 1...65535, not \(port)") }
    }
    var response = Runtime_V1_PortForwardResponse()
    response.url = try await endpoints("PortForward").portForward(PortForwardRequest(sandbox: id, ports: request.port))
    return response
  }
}
