import CRIMapping
import CRIProto
public import RuntimeAPI

extension RemoteRuntime {
  public func listImages(_ reference: String) async throws(RuntimeError) -> [ImageInfo] {
    var request = Runtime_V1_ListImagesRequest()
    if !reference.isEmpty { request.filter.image.image = reference }
    let response: Runtime_V1_ListImagesResponse = try await imageCall("ListImages", request)
    return response.images.map { ImageInfo($0) }
  }

  public func imageStatus(
    _ reference: String, verbose: Bool
  ) async throws(RuntimeError) -> (image: ImageInfo, info: [String: String])? {
    var request = Runtime_V1_ImageStatusRequest()
    request.image.image = reference
    request.verbose = verbose
    let response: Runtime_V1_ImageStatusResponse = try await imageCall("ImageStatus", request)
    return response.hasImage ? (ImageInfo(response.image), response.info) : nil
  }

  public func pullImage(_ image: ImageSpec, auth: RegistryAuth?, sandbox: SandboxConfig?) async throws(RuntimeError) -> ImageID {
    var request = Runtime_V1_PullImageRequest()
    request.image = Runtime_V1_ImageSpec(image)
    if let auth { request.auth = Runtime_V1_AuthConfig(auth) }
    if let sandbox { request.sandboxConfig = Runtime_V1_PodSandboxConfig(sandbox) }
    let path = "/runtime.v1.ImageService/PullImage"
    let response: Runtime_V1_PullImageResponse = try await client.call(path, request, timeout: nil)
    return ImageID(response.imageRef)
  }

  public func removeImage(_ reference: String) async throws(RuntimeError) {
    var request = Runtime_V1_RemoveImageRequest()
    request.image.image = reference
    let _: Runtime_V1_RemoveImageResponse = try await imageCall("RemoveImage", request)
  }

  public func imageFilesystemInfo() async throws(RuntimeError) -> ImageFilesystemInfo {
    let response: Runtime_V1_ImageFsInfoResponse = try await imageCall("ImageFsInfo", Runtime_V1_ImageFsInfoRequest())
    return ImageFilesystemInfo(response)
  }
}
