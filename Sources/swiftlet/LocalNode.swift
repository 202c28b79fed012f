import Foundation
import Images
import Kubelet
import LinuxSystem
import Logging
import PodRuntime
import RuntimeAPI
import Store

/// What this node answers beyond the CRI.
struct LocalNode: NodeOperations {
  let images: ImageService
  let runtime: PodRuntime
  let eventLog: EventLog
  let kubelet: Kubelet?
  let logger: Logger

  init(images: ImageService, runtime: PodRuntime, events: EventLog, kubelet: Kubelet?, logger: Logger) {
    self.images = images
    self.runtime = runtime
    self.eventLog = events
    self.kubelet = kubelet
    self.logger = logger
  }

  func importImage(path: String, pin: Bool) async throws(RuntimeError) -> AsyncThrowingStream<ImageImportProgress, any Error> {
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

  /// Imports what lies in the image directory; a bad archive is reported and does not keep the others out.
  func preload(_ directory: String) async {
    do {
      let report = try await images.preload(directory: directory)
      for image in report.imported { logger.info("Image preloaded", metadata: ["image.ref": "\(image)"]) }
      for failure in report.failures { logger.error("Image archive not loaded", metadata: ["error": "\(failure)"]) }
    } catch {
      logger.error("Image directory not read", metadata: ["path": "\(directory)", "error": "\(error)"])
    }
  }

  func events(after sequence: UInt64, follow: Bool) async throws(RuntimeError) -> AsyncThrowingStream<NodeEvent, any Error> {
    let log = eventLog
    let live = follow ? kubelet?.events.follow() : nil
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: NodeEvent.self)
    let work = Task {
      do {
        var last = Int64(clamping: sequence)
        for entry in try log.list(after: last) {
          continuation.yield(NodeEvent(entry))
          last = entry.sequence
        }
        if let live {
          for await entry in live where entry.sequence > last { continuation.yield(NodeEvent(entry)) }
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: RuntimeError(.internalError, "cannot read the event log", cause: error))
      }
    }
    continuation.onTermination = { _ in work.cancel() }
    return stream
  }

  func podsJSON(namespace: String, name: String) async throws(RuntimeError) -> [String] {
    guard let kubelet else { return [] }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return try kubelet.podList().items.filter { pod in
        (namespace.isEmpty || pod.metadata.namespace == namespace) && (name.isEmpty || pod.metadata.name == name)
      }.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    } catch {
      throw RuntimeError(.internalError, "cannot show the pods", cause: error)
    }
  }

  func leaks() async throws(RuntimeError) -> [NodeLeak] { try await runtime.leaks() }

  func collectGarbage(dryRun: Bool) async throws(RuntimeError) -> [NodeLeak] {
    do {
      return try await images.collectGarbage(dryRun: dryRun).map { NodeLeak(kind: "image", name: $0, problem: "not referenced") }
    } catch {
      throw RuntimeError(.internalError, "garbage collection failed", cause: error)
    }
  }
}

extension NodeEvent {
  init(_ entry: EventLog.Entry) {
    self.init(
      sequence: UInt64(entry.sequence), type: entry.type, reason: entry.reason, namespace: entry.namespace, name: entry.name,
      uid: entry.uid, field: entry.field, message: entry.message, count: UInt32(clamping: entry.count),
      firstNanoseconds: entry.first, lastNanoseconds: entry.last)
  }
}
