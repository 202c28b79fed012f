import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func streamPodSandboxes(
    _ request: Runtime_V1_StreamPodSandboxesRequest, _ writer: ResponseStreamWriter<Runtime_V1_StreamPodSandboxesResponse>
  ) async throws(RuntimeError) {
    let items = try await runtime.listPodSandboxes(SandboxFilter(request.filter))
    try await writer.send(batchesOf: items) { batch in
      var response = Runtime_V1_StreamPodSandboxesResponse()
      response.podSandboxes = batch.map(Runtime_V1_PodSandbox.init)
      return response
    }
  }
}
