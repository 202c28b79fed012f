import Images
import Kubelet
import LinuxSystem
import Logging
import PodRuntime
import RuntimeAPI

/// What this node answers beyond the CRI.
struct LocalNode: NodeOperations {
  /// nil when the kubelet drives another runtime, which has its own images and leftovers.
  let images: ImageService?
  let runtime: PodRuntime?
  let kubelet: Kubelet?
  let traces: StartTraces
  let logger: Logger

  func importImage(path: String, pin: Bool) async throws(RuntimeError) -> AsyncThrowingStream<ImageImportProgress, any Error> {
    let images = try builtIn(images, "import images")
    let (stream, continuation) = AsyncThrowingStream.makeStream(
      of: ImageImportProgress.self, bufferingPolicy: .bufferingNewest(64))
    let work = Task {
      do {
        let imported = try await images.importArchive(path: path, pin: pin) { progress in
          continuation.yield(
            ImageImportProgress(
              stage: progress.stage, bytesDone: progress.bytesDone, bytesTotal: progress.bytesTotal, layer: progress.layer))
        }
        kubelet?.imagesChanged()
        for image in imported {
          continuation.yield(ImageImportProgress(stage: "done", imageID: image.id, repoTags: image.repoTags, done: true))
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: RuntimeError(.invalidArgument, "cannot import \(path)", cause: error))
      }
    }
    continuation.onTermination = { _ in work.cancel() }
    return stream
  }

  func pullImage(_ reference: String, auth: RegistryAuth?) async throws(RuntimeError) -> AsyncThrowingStream<
    ImageImportProgress, any Error
  > {
    let runtime = try builtIn(runtime, "tell how far a pull is")
    let (stream, continuation) = AsyncThrowingStream.makeStream(
      of: ImageImportProgress.self, bufferingPolicy: .bufferingNewest(64))
    let work = Task {
      do throws(RuntimeError) {
        let image = try await runtime.pull(reference, auth: auth) { progress in
          continuation.yield(
            ImageImportProgress(stage: progress.stage, bytesDone: progress.bytesDone, bytesTotal: progress.bytesTotal))
        }
        kubelet?.imagesChanged()
        continuation.yield(ImageImportProgress(stage: "done", imageID: image.id, repoTags: image.repoTags, done: true))
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in work.cancel() }
    return stream
  }

  /// Imports what lies in the image directory; a bad archive is reported and does not keep the others out.
  func preload(_ directory: String) async {
    guard let images else { return }
    do {
      let report = try await images.preload(directory: directory)
      if !report.imported.isEmpty { kubelet?.imagesChanged() }
      for image in report.imported { logger.info("Image preloaded", metadata: ["image.ref": "\(image)"]) }
      for failure in report.failures { logger.error("Image archive not loaded", metadata: ["error": "\(failure)"]) }
    } catch {
      logger.error("Image directory not read", metadata: ["path": "\(directory)", "error": "\(error)"])
    }
    ProcessMemory.trim()
  }

  func events(after sequence: UInt64, follow: Bool) async throws(RuntimeError) -> AsyncThrowingStream<NodeEvent, any Error> {
    guard let kubelet else { return AsyncThrowingStream { $0.finish() } }
    return kubelet.nodeEvents(after: sequence, follow: follow)
  }

  func podsJSON(namespace: String, name: String) async throws(RuntimeError) -> [String] {
    try kubelet?.podsJSON(namespace: namespace, name: name) ?? []
  }

  func startTraces(namespace: String, name: String) async throws(RuntimeError) -> [StartTrace] {
    traces.list(namespace: namespace, name: name, wall: wallClockNanoseconds())
  }

  func leaks() async throws(RuntimeError) -> [NodeLeak] {
    let runtime = try builtIn(runtime, "look for leftovers")
    // What one part cannot say hides nothing of the other.
    var leaks: [NodeLeak] = []
    do { leaks += try await runtime.leaks() } catch { leaks.append(.unseen("sandboxes and containers", error.description)) }
    do { leaks += try await kubelet?.leaks() ?? [] } catch { leaks.append(.unseen("pods", error.description)) }
    return leaks
  }

  func collectGarbage(dryRun: Bool) async throws(RuntimeError) -> [NodeLeak] {
    let images = try builtIn(images, "collect garbage")
    do {
      return try await images.collectGarbage(dryRun: dryRun).map { NodeLeak(kind: "image", name: $0, problem: "not referenced") }
    } catch {
      throw RuntimeError(.internalError, "garbage collection failed", cause: error)
    }
  }

  private func builtIn<Part>(_ part: Part?, _ verb: String) throws(RuntimeError) -> Part {
    if let part { return part }
    throw RuntimeError(
      .unimplemented, "cannot \(verb): this agent drives another runtime (--container-runtime-endpoint); use that runtime's tools")
  }
}
