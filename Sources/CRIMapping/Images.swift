package import CRIProto
package import RuntimeAPI

extension ImageSpec {
  package init(_ message: Runtime_V1_ImageSpec) {
    self.init(
      image: message.image, annotations: message.annotations, userSpecifiedImage: message.userSpecifiedImage,
      runtimeHandler: message.runtimeHandler, imageRef: message.imageRef)
  }
}

extension Runtime_V1_ImageSpec {
  package init(_ value: ImageSpec) {
    self.init()
    image = value.image
    annotations = value.annotations
    userSpecifiedImage = value.userSpecifiedImage
    runtimeHandler = value.runtimeHandler
    imageRef = value.imageRef
  }
}

extension ImageInfo {
  package init(_ message: Runtime_V1_Image) {
    self.init(
      id: ImageID(message.id), repoTags: message.repoTags, repoDigests: message.repoDigests, size: message.size,
      uid: message.hasUid ? message.uid.value : nil, username: message.username, pinned: message.pinned)
  }
}

extension Runtime_V1_Image {
  package init(_ value: ImageInfo) {
    self.init()
    id = value.id.rawValue
    repoTags = value.repoTags
    repoDigests = value.repoDigests
    size = value.size
    if let uid = value.uid { self.uid = Runtime_V1_Int64Value(uid) }
    username = value.username
    pinned = value.pinned
  }
}

extension RegistryAuth {
  package init(_ message: Runtime_V1_AuthConfig) {
    self.init(
      username: message.username, password: message.password, auth: message.auth, serverAddress: message.serverAddress,
      identityToken: message.identityToken, registryToken: message.registryToken)
  }
}

extension Runtime_V1_AuthConfig {
  package init(_ value: RegistryAuth) {
    self.init()
    username = value.username
    password = value.password
    auth = value.auth
    serverAddress = value.serverAddress
    identityToken = value.identityToken
    registryToken = value.registryToken
  }
}

extension ImageFilesystemInfo {
  package init(_ message: Runtime_V1_ImageFsInfoResponse) {
    self.init(
      images: message.imageFilesystems.map(FilesystemUsage.init), containers: message.containerFilesystems.map(FilesystemUsage.init)
    )
  }
}

extension Runtime_V1_ImageFsInfoResponse {
  package init(_ value: ImageFilesystemInfo) {
    self.init()
    imageFilesystems = value.images.map(Runtime_V1_FilesystemUsage.init)
    containerFilesystems = value.containers.map(Runtime_V1_FilesystemUsage.init)
  }
}
