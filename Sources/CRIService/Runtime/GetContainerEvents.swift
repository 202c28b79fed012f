import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  /// Ends when the client or the server does, or the runtime had to leave out events: the client is to look at everything anew.
  func getContainerEvents(
    _ request: Runtime_V1_GetEventsRequest, _ writer: ResponseStreamWriter<Runtime_V1_ContainerEventResponse>
  ) async throws(RuntimeError) {
    for await event in try await runtime.events() {
      try await writer.send(Runtime_V1_ContainerEventResponse(event))
    }
    if !Task.isCancelled {
      throw RuntimeError(
        .dataLoss, "events were left out, as they were not read fast enough: list everything and ask for events again")
    }
  }
}
