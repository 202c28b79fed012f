import CRIMapping
import CRIProto
import RuntimeAPI

extension ImageService {
  func imageFsInfo(_ request: Runtime_V1_ImageFsInfoRequest) async throws(RuntimeError) -> Runtime_V1_ImageFsInfoResponse {
    return Runtime_V1_ImageFsInfoResponse(try await runtime.imageFilesystemInfo())
  }
}
