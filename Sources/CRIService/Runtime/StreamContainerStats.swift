import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func streamContainerStats(
    _ request: Runtime_V1_StreamContainerStatsRequest, _ writer: ResponseStreamWriter<Runtime_V1_StreamContainerStatsResponse>
  ) async throws(RuntimeError) {
    let stats = try await runtime.listContainerStats(ContainerFilter(request.filter))
    try await writer.send(batchesOf: stats) { batch in
      var response = Runtime_V1_StreamContainerStatsResponse()
      response.containerStats = batch.map(Runtime_V1_ContainerStats.init)
      return response
    }
  }
}
