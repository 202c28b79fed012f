import CRIMapping
import CRIProto
import RuntimeAPI

extension ImageService {
  func listImages(_ request: Runtime_V1_ListImagesRequest) async throws(RuntimeError) -> Runtime_V1_ListImagesResponse {
    let images = try await runtime.listImages(request.filter.image.image)
    var response = Runtime_V1_ListImagesResponse()
    response.images = images.map(Runtime_V1_Image.init)
    return response
  }
}
