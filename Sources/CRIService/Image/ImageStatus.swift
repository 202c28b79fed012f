import CRIMapping
import CRIProto
import RuntimeAPI

extension ImageService {
  /// No such image: a good answer without an image.
  func imageStatus(_ request: Runtime_V1_ImageStatusRequest) async throws(RuntimeError) -> Runtime_V1_ImageStatusResponse {
    let reference = try required(request.image.image, "image.image")
    var response = Runtime_V1_ImageStatusResponse()
    if let found = try await runtime.imageStatus(reference, verbose: request.verbose) {
      response.image = Runtime_V1_Image(found.image)
      response.info = found.info
    }
    return response
  }
}
