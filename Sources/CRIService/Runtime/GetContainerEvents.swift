import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  /// Ends when the client or the server does.
  func getContainerEvents(
    _ request: Runtime_V1_GetEventsRequest, _ writer: ResponseStreamWriter<Runtime_V1_ContainerEventResponse>
  ) async throws(RuntimeError) {
    for await event in try await runtime.events() {
      try await writer.send(Runtime_V1_ContainerEventResponse(event))
    }
  }
}
