import CRIMapping
import CRIProto
import RuntimeAPI

extension ImageService {
  func streamImages(
    _ request: Runtime_V1_StreamImagesRequest, _ writer: ResponseStreamWriter<Runtime_V1_StreamImagesResponse>
  ) async throws(RuntimeError) {
    let images = try await runtime.listImages(request.filter.image.image)
    try await writer.send(batchesOf: images) { batch in
      var response = Runtime_V1_StreamImagesResponse()
      response.images = batch.map(Runtime_V1_Image.init)
      return response
    }
  }
}
