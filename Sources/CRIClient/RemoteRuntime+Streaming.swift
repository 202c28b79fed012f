import CRIProto
public import RuntimeAPI

/// The runtime's own streaming server: its URLs are passed on as they are.
extension RemoteRuntime: StreamingEndpoints {
  public func exec(_ request: ExecRequest) async throws(RuntimeError) -> String {
    var message = Runtime_V1_ExecRequest()
    message.containerID = request.container.rawValue
    message.cmd = request.command
    message.stdin = request.streams.stdin
    message.stdout = request.streams.stdout
    message.stderr = request.streams.stderr
    message.tty = request.streams.tty
    let response: Runtime_V1_ExecResponse = try await runtimeCall("Exec", message)
    return response.url
  }

  public func attach(_ request: AttachRequest) async throws(RuntimeError) -> String {
    var message = Runtime_V1_AttachRequest()
    message.containerID = request.container.rawValue
    message.stdin = request.streams.stdin
    message.stdout = request.streams.stdout
    message.stderr = request.streams.stderr
    message.tty = request.streams.tty
    let response: Runtime_V1_AttachResponse = try await runtimeCall("Attach", message)
    return response.url
  }

  public func portForward(_ request: PortForwardRequest) async throws(RuntimeError) -> String {
    var message = Runtime_V1_PortForwardRequest()
    message.podSandboxID = request.sandbox.rawValue
    message.port = request.ports
    let response: Runtime_V1_PortForwardResponse = try await runtimeCall("PortForward", message)
    return response.url
  }
}
