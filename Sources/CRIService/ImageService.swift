import GRPCTransport
import Logging
import RuntimeAPI

/// `runtime.v1.ImageService`, one method per file in Image/.
struct ImageService: Sendable {
  let runtime: any ContainerRuntime

  func register(in router: inout GRPCRouter, logger: Logger) {
    let service = Registration(service: "runtime.v1.ImageService", logger: logger)
    service.unary(&router, "ImageFsInfo", imageFsInfo)
    service.unary(&router, "ImageStatus", imageStatus)
    service.unary(&router, "ListImages", listImages)
    service.unary(&router, "PullImage", pullImage)
    service.unary(&router, "RemoveImage", removeImage)
    service.streaming(&router, "StreamImages", streamImages)
  }
}
