import CRIMapping
import CRIProto
import RuntimeAPI

extension NodeService {
  func importImage(
    _ request: Swiftlet_V1_ImportImageRequest, _ writer: ResponseStreamWriter<Swiftlet_V1_ImportImageProgress>
  ) async throws(RuntimeError) {
    let path = try required(request.path, "path")
    guard path.hasPrefix("/") else { throw RuntimeError(.invalidArgument, "path: must be absolute, is \"\(path)\"") }
    let progress = try await node.importImage(path: path, pin: request.pin)
    try await forward(progress, to: writer) { Swiftlet_V1_ImportImageProgress($0) }
  }
}
