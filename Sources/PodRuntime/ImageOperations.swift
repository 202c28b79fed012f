public import Images
import LinuxSystem
public import RuntimeAPI

extension PodRuntime {
  public func listImages(_ reference: String) async throws(RuntimeError) -> [ImageInfo] {
    do {
      return try (reference.isEmpty ? images.list() : images.list(matching: reference)).map(Self.info)
    } catch {
      throw runtimeError(error, "cannot list images")
    }
  }

  public func imageStatus(
    _ reference: String, verbose: Bool
  ) async throws(RuntimeError) -> (image: ImageInfo, info: [String: String])? {
    do {
      guard let image = try images.status(reference) else { return nil }
      return (Self.info(image), verbose ? ["info": jsonText(try images.resolve(reference).config)] : [:])
    } catch {
      throw runtimeError(error, "cannot look up image \(reference)")
    }
  }

  public func pullImage(_ image: ImageSpec, auth: RegistryAuth?, sandbox: SandboxConfig?) async throws(RuntimeError) -> ImageID {
    guard ["", Self.runtimeName].contains(image.runtimeHandler) else {
      throw RuntimeError(.invalidArgument, "image.runtime_handler: there is no runtime handler '\(image.runtimeHandler)'")
    }
    return ImageID(try await pull(image.image, auth: auth) { _ in }.id)
  }

  /// Pulls an image and says how far it is.
  public func pull(
    _ reference: String, auth: RegistryAuth?, progress: @escaping @Sendable (ImportProgress) -> Void
  ) async throws(RuntimeError) -> StoredImage {
    let credentials = auth.map { auth in
      PullCredentials(
        username: auth.username, password: auth.password, auth: auth.auth, serverAddress: auth.serverAddress,
        identityToken: auth.identityToken, registryToken: auth.registryToken)
    }
    do throws(ImageError) {
      return try await images.pull(reference, credentials: credentials, progress: progress)
    } catch {
      switch error.code {
      // A local image is as new as it gets.
      case .localOnly:
        if let local = try? images.status(reference) { return local }
        throw RuntimeError(.notFound, "cannot pull \(reference): \(error)")
      // Kubelets look for the word at the beginning, in an error of code Unknown. Source: k8s.io/cri-api/pkg/errors.
      case .unavailable: throw RuntimeError(.unknown, "RegistryUnavailable: cannot pull \(reference): \(error)")
      default: throw runtimeError(error, "cannot pull \(reference)")
      }
    }
  }

  public func removeImage(_ reference: String) async throws(RuntimeError) {
    do {
      try await images.remove(reference)
    } catch {
      throw runtimeError(error, "cannot remove image \(reference)")
    }
  }

  public func imageFilesystemInfo() async throws(RuntimeError) -> ImageFilesystemInfo {
    do {
      let (image, container) = try await runBlocking { [images] () throws(ImageError) in
        (try images.imageUsage(), try images.containersUsage())
      }
      return ImageFilesystemInfo(images: [Self.usage(image)], containers: [Self.usage(container)])
    } catch {
      throw runtimeError(error, "cannot measure the image store")
    }
  }

  private static func usage(_ usage: DiskUsage) -> FilesystemUsage {
    FilesystemUsage(
      timestamp: wallClockNanoseconds(), mountpoint: usage.path, usedBytes: usage.bytes, inodesUsed: usage.inodes)
  }

  static func info(_ image: StoredImage) -> ImageInfo {
    let user = image.user.split(separator: ":").first.map(String.init) ?? ""
    return ImageInfo(
      id: ImageID(image.id), repoTags: image.repoTags, repoDigests: image.repoDigests, size: UInt64(max(1, image.size)),
      uid: Int64(user), username: Int64(user) == nil ? user : "", pinned: image.pinned)
  }
}
