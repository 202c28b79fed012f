import LinuxSystem
import OCISpec
import Registry
import Synchronization

extension ImageService {
  /// Gets an image from its registry, as what its name stands for there now. Layers that are here are not got again; three are got at a
  /// time and unpacked while they come. Cancelling the task ends it at once and leaves nothing. Pulls run side by side; none holds up
  /// anything else, and a layer that two want is got once.
  public func pull(
    _ reference: String, credentials: PullCredentials? = nil, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
  ) async throws(ImageError) -> StoredImage {
    let name = try ImageReference(reference)
    // What tools call images that were built on the machine; a registry there has a port, or a directory in the settings.
    if name.registry == "localhost" {
      guard await registries.knows(name.registry) else {
        throw ImageError(.localOnly, "\(name) is the name of a local image: no registry has it; swiftctl image import adds it")
      }
    }
    let cancellation = ImportCancellation()
    let result: Result<StoredImage, ImageError> = await withTaskCancellationHandler {
      do throws(ImageError) {
        return .success(try await pull(name, credentials, cancellation, progress))
      } catch {
        return .failure(cancellation.isCancelled ? ImageError(.cancelled, "the pull of \(name) was cancelled") : error)
      }
    } onCancel: {
      cancellation.cancel()
    }
    // Layers that came in before a failure belong to no image.
    if case .failure = result { _ = try? await Task { try await collectGarbage(dryRun: false) }.value }
    return try result.get()
  }

  private func pull(
    _ name: ImageReference, _ credentials: PullCredentials?, _ cancellation: ImportCancellation,
    _ progress: @escaping @Sendable (ImportProgress) -> Void
  ) async throws(ImageError) -> StoredImage {
    let session: RegistrySession
    do throws(RegistryError) {
      session = try await registries.open(
        registry: name.registry, path: name.path, credential: try credentials?.credential(for: name.registry))
    } catch {
      throw ImageError(error)
    }
    defer { session.close() }
    let remote = try await RemoteImageSearch(name: name, session: session, content: content).find()
    try await checkSpace(for: remote, name)
    let kept = try await obtain(remote, of: name, session, cancellation, progress)
    // A digest says it all: the tag beside it is not looked at.
    let plain = name.digest == nil ? name : try ImageReference("\(name.repository)@\(remote.target)")
    let image = ArchivedImage(
      id: remote.id, config: remote.config, manifestDigest: remote.target, tags: [plain], layers: [], documents: remote.documents)
    return try await commit(image, kept, pin: false, cancellation)
  }

  private func checkSpace(for remote: RemoteImage, _ name: ImageReference) async throws(ImageError) {
    let missing = zip(remote.layers, remote.config.rootfs.diffIDs).reduce(Int64(0)) { sum, layer in
      Self.sum(sum, catalog.hasLayer(layer.1) ? 0 : layer.0.size)
    }
    if missing == 0 { return }
    let directory = layers.directory
    try await runBlocking { () throws(ImageError) in
      try FreeSpace(directory: directory).require(UInt64(clamping: missing), for: "image \(name)")
    }
  }

  // MARK: Layers

  private static let layersAtOnce = 3

  /// Every layer, base first, kept.
  private func obtain(
    _ remote: RemoteImage, of name: ImageReference, _ session: RegistrySession, _ cancellation: ImportCancellation,
    _ progress: @escaping @Sendable (ImportProgress) -> Void
  ) async throws(ImageError) -> [(layer: Layer, lease: LayerLease)] {
    let meter = PullMeter(remote.layers.map(\.size), progress)
    let wanted = zip(remote.layers, remote.config.rootfs.diffIDs).enumerated().map { index, layer in
      let (descriptor, diffID) = layer
      return StreamedLayer(
        diffID: diffID, size: descriptor.size, isCompressed: descriptor.mediaType.layerCompression != .some(.none),
        source: name.registry, hosts: { session.hosts(for: descriptor.digest) }
      ) { socket throws(ImageError) in
        do throws(RegistryError) {
          try await session.download(descriptor.digest, size: descriptor.size, into: socket) { meter.set(index, $0) }
        } catch {
          throw ImageError(error)
        }
      }
    }
    var kept: [Int: (layer: Layer, lease: LayerLease)] = [:]
    var failure: ImageError?
    await withTaskGroup(of: (Int, Result<(layer: Layer, lease: LayerLease), ImageError>).self) { group in
      var next = 0
      func begin() {
        guard next < wanted.count, failure == nil else { return }
        let (index, layer) = (next, wanted[next])
        next += 1
        group.addTask { [layers] in
          do throws(ImageError) {
            return (index, .success(try await layers.obtain(layer, cancellation: cancellation)))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      for _ in 0..<Self.layersAtOnce { begin() }
      for await (index, result) in group {
        switch result {
        case .success(let layer):
          kept[index] = layer
          meter.finish(index)
        case .failure(let error):
          if failure == nil { failure = error }
          group.cancelAll()
        }
        begin()
      }
    }
    if let failure { throw failure }
    return kept.sorted { $0.key < $1.key }.map(\.value)
  }
}

/// Adds up what came of each layer.
private final class PullMeter: Sendable {
  private let done: Mutex<[Int64]>
  private let sizes: [Int64]
  private let total: UInt64
  private let progress: @Sendable (ImportProgress) -> Void

  init(_ sizes: [Int64], _ progress: @escaping @Sendable (ImportProgress) -> Void) {
    (self.sizes, self.progress) = (sizes, progress)
    done = Mutex(Array(repeating: 0, count: sizes.count))
    total = UInt64(clamping: sizes.reduce(0, ImageService.sum))
  }

  func set(_ index: Int, _ bytes: Int64) {
    let sum = done.withLock { done in
      done[index] = bytes
      return done.reduce(0, ImageService.sum)
    }
    progress(ImportProgress(stage: "pulling", bytesDone: UInt64(clamping: sum), bytesTotal: total, layer: ""))
  }

  func finish(_ index: Int) { set(index, sizes[index]) }
}
