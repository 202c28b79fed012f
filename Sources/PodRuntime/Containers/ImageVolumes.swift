import Glibc
import Images
import LinuxSystem
import RuntimeAPI

/// Images that a container mounts as volumes. Each is an overlay of the image's layers without an upper directory, made for this container
/// and attached nowhere but in its mount namespace: there is nothing on the host to release, to count users of, or to find again after a
/// restart, and the file system itself is read-only, also for who may remount. The layers stay as long as the container's writable layer,
/// whose description names them (`ImageService.prepareSnapshot`).
struct ImageVolumes: Sendable {
  struct Volume: Sendable {
    /// Index in `ContainerConfig.mounts`.
    let mount: Int
    let image: ResolvedImage
  }

  /// What kubelets look for at the beginning of a message. Source: k8s.io/cri-api, pkg/errors, ErrImageVolumeMountFailed.
  static let mark = "ImageVolumeMountFailed"

  let volumes: [Volume]
  private let config: ContainerConfig

  var images: [ResolvedImage] { volumes.map(\.image) }

  init(_ config: ContainerConfig, in images: ImageService) throws(RuntimeError) {
    self.config = config
    var found: [Volume] = []
    for (index, mount) in config.mounts.enumerated() {
      guard let image = mount.volumeImage else { continue }
      do {
        found.append(Volume(mount: index, image: try images.resolve(image.image)))
      } catch {
        let known = runtimeError(error, Self.what(config, mount))
        throw RuntimeError(known.code, "\(Self.mark): \(known.message)")
      }
    }
    volumes = found
  }

  /// - Returns: a detached mount for each, by the index of its mount.
  func open(scratch: String, mapping: SharedDescriptor?) async throws(RuntimeError) -> [Int: SharedDescriptor] {
    var opened: [Int: SharedDescriptor] = [:]
    // One overlay for all parts of an image.
    for (_, volumes) in Dictionary(grouping: volumes, by: \.image.id) {
      guard let image = volumes.first?.image else { continue }
      let overlay = LayeredMount(layers: image.layers.map(\.path), mapping: mapping)
      do {
        let made = try await overlay.make(scratch: scratch, parts: volumes.map { config.mounts[$0.mount].imageSubPath })
        for (volume, mount) in zip(volumes, made) { opened[volume.mount] = mount }
      } catch {
        throw failure(error, volumes)
      }
    }
    return opened
  }

  private func failure(_ error: SystemCallError, _ volumes: [Volume]) -> RuntimeError {
    let part = volumes.map { config.mounts[$0.mount] }.first { !$0.imageSubPath.isEmpty && $0.imageSubPath == error.subject }
    guard let part, let image = part.volumeImage else {
      let what = volumes.first.map { Self.what(config, config.mounts[$0.mount]) } ?? ""
      return RuntimeError(.unknown, "\(Self.mark): \(what): \(error)")
    }
    let problem =
      switch error.code {
      case ENOENT, ENOTDIR: "is not in the image"
      case ENOTSUP: "is neither a directory nor a file"
      default: "cannot be mounted (\(error.reason))"
      }
    return RuntimeError(
      .invalidArgument, "\(Self.mark): \(Self.what(config, part)): '\(part.imageSubPath)' \(problem): \(image.image)")
  }

  private static func what(_ config: ContainerConfig, _ mount: Mount) -> String {
    "container \(config.metadata.name): image volume at \(mount.containerPath)"
  }
}

extension Mount {
  /// The image to be mounted; nil: the mount is one of a host path.
  var volumeImage: ImageSpec? { image.flatMap { $0.image.isEmpty ? nil : $0 } }
}
