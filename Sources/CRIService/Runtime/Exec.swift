import CRIProto
import RuntimeAPI

extension RuntimeService {
  func exec(_ request: Runtime_V1_ExecRequest) async throws(RuntimeError) -> Runtime_V1_ExecResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    guard !request.cmd.isEmpty else { throw RuntimeError(.invalidArgument, "cmd: must not be empty") }
    let choice = StreamChoice(stdin: request.stdin, stdout: request.stdout, stderr: request.stderr, tty: request.tty)
    try choice.validate()
    var response = Runtime_V1_ExecResponse()
    response.url = try await endpoints("Exec").exec(ExecRequest(container: id, command: request.cmd, streams: choice))
    return response
  }

  /// Where streams are served.
  func endpoints(_ call: String) throws(RuntimeError) -> any StreamingEndpoints {
    if let streams { return streams }
    throw RuntimeError(.unimplemented, "\(call): no streaming server runs here")
  }
}

extension StreamChoice {
  /// Source: CRI ExecRequest and AttachRequest.
  func validate() throws(RuntimeError) {
    if tty, stderr { throw RuntimeError(.invalidArgument, "tty, stderr: a terminal has one output, stdout") }
    guard stdin || stdout || stderr else { throw RuntimeError(.invalidArgument, "one of stdin, stdout and stderr must be set") }
  }
}
