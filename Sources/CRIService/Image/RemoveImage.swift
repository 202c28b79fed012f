import CRIProto
import RuntimeAPI

extension ImageService {
  func removeImage(_ request: Runtime_V1_RemoveImageRequest) async throws(RuntimeError) -> Runtime_V1_RemoveImageResponse {
    try await runtime.removeImage(required(request.image.image, "image.image"))
    return Runtime_V1_RemoveImageResponse()
  }
}
