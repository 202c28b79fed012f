internal import KubeModel
internal import RuntimeAPI

/// Finds or gets a container's image as its pull policy says. Source: kubelet images/image_manager.go.
struct ImagePull: Sendable {
  let runtime: any ContainerRuntime
  let events: EventRecorder

  /// - Returns: the image the container runs.
  func ensure(_ container: Container, in pod: Pod, sandbox: SandboxConfig) async throws(KubeletError) -> ImageInfo {
    let name = container.image ?? ""
    return try await ensure(
      name, policy: container.imagePullPolicy ?? Container.pullPolicy(image: name), for: container, in: pod, sandbox: sandbox)
  }

  /// - Parameter container: the one that runs the image or mounts it.
  @discardableResult
  func ensure(
    _ name: String, policy: String, for container: Container, in pod: Pod, sandbox: SandboxConfig
  ) async throws(KubeletError) -> ImageInfo {
    guard !name.isEmpty else { throw KubeletError(.image, reason: "InvalidImageName", "container \(container.name) has no image") }
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
    let start = ContinuousClock.now
    do throws(RuntimeError) {
      _ = try await runtime.pullImage(ImageSpec(image: name, userSpecifiedImage: name), auth: nil, sandbox: sandbox)
      if let image = try await runtime.imageStatus(name, verbose: false)?.image {
        let took = Self.text(ContinuousClock.now - start)
        events.record(
          .normal, "Pulled", pod, container: container.name,
          "Successfully pulled image \"\(name)\" in \(took) (\(took) including waiting). Image size: \(image.size) bytes.")
        return image
      }
      throw RuntimeError(.notFound, "the pulled image cannot be found")
    } catch {
      if let local, error.code == .unimplemented {
        // The runtime cannot pull at all: the local image is the newest there is.
        events.record(
          .normal, "Pulled", pod, container: container.name,
          "The runtime cannot pull images: the image \"\(name)\" that is present on the machine is used")
        return local
      }
      let (reason, message) = Self.failure(error, name)
      events.record(.warning, "Failed", pod, container: container.name, "Failed to pull image \"\(name)\": \(error)")
      if let local, local.pinned, reason == "RegistryUnavailable" {
        // Whoever pinned it gave this node the image for the time without a registry.
        events.record(
          .normal, "Pulled", pod, container: container.name,
          "Container image \"\(name)\" already present on machine and pinned; its registry is unavailable")
        return local
      }
      throw KubeletError(.image, reason: reason, message)
    }
  }

  /// What a failed pull is called. Source: kubelet images/image_manager.go, evalCRIPullErr; k8s.io/cri-api/pkg/errors.
  static func failure(_ error: RuntimeError, _ name: String) -> (reason: String, message: String) {
    let words = error.description
    let known = [
      "RegistryUnavailable": "the registry is unavailable", "SignatureValidationFailed": "the signature validation failed",
    ]
    for (reason, sentence) in known where error.code == .unknown && words.hasPrefix(reason) {
      return (reason, "image pull failed for \(name) because \(sentence)\(words.dropFirst(reason.count))")
    }
    return ("ErrImagePull", "failed to pull image \"\(name)\": \(words)")
  }

  /// Reasons after which a pull is tried again, later and later.
  static let retried: Set<String> = ["ErrImagePull", "RegistryUnavailable", "SignatureValidationFailed"]

  /// As Go writes durations, to the millisecond: 850ms, 12.5s, 1m3.25s.
  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    var fraction = String("\(milliseconds % 1000 + 1000)".dropFirst())
    while fraction.hasSuffix("0") { fraction.removeLast() }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    let prefix = hours > 0 ? "\(hours)h\(minutes)m" : minutes > 0 ? "\(minutes)m" : ""
    return "\(prefix)\(seconds % 60)\(fraction.isEmpty ? "" : "." + fraction)s"
  }
}
