import CRIProto
import RuntimeAPI

extension RuntimeService {
  func attach(_ request: Runtime_V1_AttachRequest) async throws(RuntimeError) -> Runtime_V1_AttachResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    let choice = StreamChoice(stdin: request.stdin, stdout: request.stdout, stderr: request.stderr, tty: request.tty)
    try choice.validate()
    var response = Runtime_V1_AttachResponse()
    response.url = try await endpoints("Attach").attach(AttachRequest(container: id, streams: choice))
    return response
  }
}
