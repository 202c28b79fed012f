import CRIMapping
import CRIProto
import RuntimeAPI

extension ImageService {
  func pullImage(_ request: Runtime_V1_PullImageRequest) async throws(RuntimeError) -> Runtime_V1_PullImageResponse {
    try require(request.hasImage, "image")
    _ = try required(request.image.image, "image.image")
    let sandbox = request.hasSandboxConfig ? try SandboxConfig(request.sandboxConfig, field: "sandbox_config") : nil
    let auth = request.hasAuth ? RegistryAuth(request.auth) : nil
    var response = Runtime_V1_PullImageResponse()
    response.imageRef = try await runtime.pullImage(ImageSpec(request.image), auth: auth, sandbox: sandbox).rawValue
    return response
  }
}
