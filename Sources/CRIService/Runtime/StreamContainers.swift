import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func streamContainers(
    _ request: Runtime_V1_StreamContainersRequest, _ writer: ResponseStreamWriter<Runtime_V1_StreamContainersResponse>
  ) async throws(RuntimeError) {
    let containers = try await runtime.listContainers(ContainerFilter(request.filter))
    try await writer.send(batchesOf: containers) { batch in
      var response = Runtime_V1_StreamContainersResponse()
      response.containers = batch.map(Runtime_V1_Container.init)
      return response
    }
  }
}
