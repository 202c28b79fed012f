import CRIMapping
import CRIProto
import RuntimeAPI

extension NodeService {
  func listEvents(
    _ request: Swiftlet_V1_ListEventsRequest, _ writer: ResponseStreamWriter<Swiftlet_V1_NodeEvent>
  ) async throws(RuntimeError) {
    let events = try await node.events(after: request.afterSequence, follow: request.follow)
    try await forward(events, to: writer) { Swiftlet_V1_NodeEvent($0) }
  }
}
