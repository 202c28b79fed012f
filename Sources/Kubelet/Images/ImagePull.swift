internal import KubeModel
internal import RuntimeAPI

/// Finds or gets a container's image as its pull policy says. Source: kubelet images/image_manager.go.
struct ImagePull: Sendable {
  let runtime: any ContainerRuntime
  let events: EventRecorder

  /// - Returns: the image the container runs.
  func ensure(_ container: Container, in pod: Pod, sandbox: SandboxConfig) async throws(KubeletError) -> ImageInfo {
    let name = container.image ?? ""
    guard !name.isEmpty else { throw KubeletError(.image, reason: "InvalidImageName", "container \(container.name) has no image") }
    let policy = container.imagePullPolicy ?? ImagePull.defaultPolicy(name)
    let local: ImageInfo?
    do {
      local = try await runtime.imageStatus(name, verbose: false)?.image
    } catch {
      events.record(.warning, "InspectFailed", pod, container: container.name, "Failed to inspect image \"\(name)\": \(error)")
      throw KubeletError(.image, reason: "ImageInspectError", "Failed to inspect image \"\(name)\"", cause: error)
    }
    if let local, policy != "Always" {
      events.record(
        .normal, "Pulled", pod, container: container.name, "Container image \"\(name)\" already present on machine")
      return local
    }
    if policy == "Never" {
      events.record(
        .warning, "ErrImageNeverPull", pod, container: container.name,
        "Container image \"\(name)\" is not present with pull policy of Never")
      throw KubeletError(
        .image, reason: "ErrImageNeverPull", "Container image \"\(name)\" is not present with pull policy of Never")
    }
    events.record(.normal, "Pulling", pod, container: container.name, "Pulling image \"\(name)\"")
    do throws(RuntimeError) {
      _ = try await runtime.pullImage(ImageSpec(image: name, userSpecifiedImage: name), auth: nil, sandbox: sandbox)
      if let image = try await runtime.imageStatus(name, verbose: false)?.image {
        events.record(.normal, "Pulled", pod, container: container.name, "Successfully pulled image \"\(name)\"")
        return image
      }
      throw RuntimeError(.notFound, "the pulled image cannot be found")
    } catch {
      if let local, error.code == .unimplemented {
        // The runtime cannot pull at all: the local image is the newest there is.
        events.record(.normal, "Pulled", pod, container: container.name, "Container image \"\(name)\" already present on machine")
        return local
      }
      events.record(.warning, "Failed", pod, container: container.name, "Failed to pull image \"\(name)\": \(error)")
      throw KubeletError(.image, reason: "ErrImagePull", "failed to pull image \"\(name)\"", cause: error)
    }
  }

  /// `latest`, written or meant, is looked for each time. Source: API defaulting.
  static func defaultPolicy(_ name: String) -> String {
    if name.contains("@") { return "IfNotPresent" }
    let last = name.split(separator: "/").last ?? ""
    guard let colon = last.firstIndex(of: ":") else { return "Always" }
    return last[last.index(after: colon)...] == "latest" ? "Always" : "IfNotPresent"
  }
}
