import GRPCTransport
import Logging
import RuntimeAPI

/// `swiftlet.v1.NodeService`, one method per file in Node/.
struct NodeService: Sendable {
  let node: any NodeOperations

  func register(in router: inout GRPCRouter, logger: Logger) {
    let service = Registration(service: "swiftlet.v1.NodeService", logger: logger)
    service.unary(&router, "GarbageCollect", garbageCollect)
    service.unary(&router, "ListLeaks", listLeaks)
    service.unary(&router, "ListPods", listPods)
    service.unary(&router, "ListStartTraces", listStartTraces)
    service.streaming(&router, "ImportImage", importImage)
    service.streaming(&router, "ListEvents", listEvents)
    service.streaming(&router, "PullImage", pullImage)
  }
}
