import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func streamPodSandboxMetrics(
    _ request: Runtime_V1_StreamPodSandboxMetricsRequest,
    _ writer: ResponseStreamWriter<Runtime_V1_StreamPodSandboxMetricsResponse>
  ) async throws(RuntimeError) {
    let metrics = try await runtime.listPodSandboxMetrics()
    // A pod's metrics are some ten kilobytes for each container: fewer in a message than of what is small.
    try await writer.send(batchesOf: metrics, size: 50) { batch in
      var response = Runtime_V1_StreamPodSandboxMetricsResponse()
      response.podSandboxMetrics = batch.map(Runtime_V1_PodSandboxMetrics.init)
      return response
    }
  }
}
