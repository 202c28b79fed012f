import CRIMapping
import CRIProto
import RuntimeAPI

extension NodeService {
  func pullImage(
    _ request: Runtime_V1_PullImageRequest, _ writer: ResponseStreamWriter<Swiftlet_V1_ImportImageProgress>
  ) async throws(RuntimeError) {
    let image = try required(request.image.image, "image.image")
    let progress = try await node.pullImage(image, auth: request.hasAuth ? RegistryAuth(request.auth) : nil)
    try await forward(progress, to: writer) { Swiftlet_V1_ImportImageProgress($0) }
  }
}
