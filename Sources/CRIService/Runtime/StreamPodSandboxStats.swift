import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func streamPodSandboxStats(
    _ request: Runtime_V1_StreamPodSandboxStatsRequest, _ writer: ResponseStreamWriter<Runtime_V1_StreamPodSandboxStatsResponse>
  ) async throws(RuntimeError) {
    let stats = try await runtime.listPodSandboxStats(SandboxFilter(request.filter))
    try await writer.send(batchesOf: stats) { batch in
      var response = Runtime_V1_StreamPodSandboxStatsResponse()
      response.podSandboxStats = batch.map(Runtime_V1_PodSandboxStats.init)
      return response
    }
  }
}
