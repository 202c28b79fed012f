import LinuxSystem

/// Layers of registries.
extension LayerStore {
  /// Unpacks a layer while it is sent, unless it is there already: one download from a registry, however many pulls want it. Who waits, waits
  /// for its own registry: one that is slow holds up nobody who gets the same layer elsewhere.
  func obtain(_ streamed: StreamedLayer, cancellation: ImportCancellation) async throws(ImageError) -> (
    layer: Layer, lease: LayerLease
  ) {
    try await unpacking.pass("\(streamed.diffID) of \(streamed.source)") { () async throws(ImageError) in
      if let known = catalog.lease(layer: streamed.diffID) { return known }
      let layer = try await streams.pass(streamed.source) { () async throws(ImageError) in
        // One at least, however many slow registries there are.
        let first = try await firstStreams.passIfFree(streamed.source) { () async throws(ImageError) in
          try await receive(streamed, cancellation)
        }
        if let first { return first }
        return try await allStreams.pass("all") { () async throws(ImageError) in try await receive(streamed, cancellation) }
      }
      return await keep(layer)
    }
  }

  /// As long as there is a host left that has not given a damaged blob.
  private func receive(
    _ streamed: StreamedLayer, _ cancellation: ImportCancellation
  ) async throws(ImageError) -> Layer {
    while true {
      let hosts = streamed.hosts()
      let (stream, socket) = try files("cannot make a socket") {
        let pair = try UnixStream.pair()
        return (LayerStream(pair.ours), DescriptorHandover(try pair.theirs.duplicate()))
      }
      do throws(ImageError) { return try await receive(streamed, stream, socket, cancellation) } catch {
        guard error.code == .digestMismatch, (1..<hosts).contains(streamed.hosts()) else { throw error }
      }
    }
  }

  /// What bytes that are not the right ones may look like.
  private static let damages: [ImageError.Code] = [.invalidArchive, .tooLarge, .digestMismatch]

  private enum Half: Sendable {
    case sent(ImageError?)
    case unpacked(Result<Layer, ImageError>)
  }

  /// Sends and unpacks at once; the end of one is the end of the other.
  private func receive(
    _ streamed: StreamedLayer, _ stream: LayerStream, _ socket: DescriptorHandover, _ cancellation: ImportCancellation
  ) async throws(ImageError) -> Layer {
    var failure: ImageError?
    var unpacked: Result<Layer, ImageError> = .failure(ImageError(.cancelled, "the pull was cancelled"))
    await withTaskGroup(of: Half.self) { group in
      group.addTask { .sent(await Self.send(streamed, into: socket)) }
      group.addTask { .unpacked(await self.unpack(streamed, from: stream, cancellation)) }
      for await half in group {
        switch half {
        case .sent(let error): failure = error
        case .unpacked(let result):
          unpacked = result
          // Nobody takes what is still to come; whether it is damaged says whether another host may have a better one.
          if case .failure(let error) = result, !Self.damages.contains(error.code) || streamed.hosts() < 2 { group.cancelAll() }
        }
      }
    }
    switch (unpacked, failure) {
    case (.success(let layer), nil): return layer
    case (.success(let layer), let failure?):
      await discard(layer)
      throw failure
    case (.failure(let error), let failure):
      // What did not come is why the rest cannot be unpacked, unless nobody took it.
      let isOurs = failure.map { $0.code == .inputOutput || $0.code == .cancelled && !cancellation.isCancelled } ?? true
      throw isOurs ? error : failure ?? error
    }
  }

  private static func send(_ streamed: StreamedLayer, into handover: DescriptorHandover) async -> ImageError? {
    guard let socket = handover.take() else { return nil }
    do throws(ImageError) {
      try await streamed.send(socket)
      return nil
    } catch {
      return error
    }
  }

  private func unpack(
    _ streamed: StreamedLayer, from stream: LayerStream, _ cancellation: ImportCancellation
  ) async -> Result<Layer, ImageError> {
    await runBlocking(.images) { [self] in
      // Whoever sends notices.
      defer { stream.close() }
      do throws(ImageError) {
        try cancellation.check()
        let name = "layer \(streamed.diffID)"
        let layer = try make(streamed.diffID, size: streamed.size) { directory, space throws(ImageError) in
          guard let bytes = stream.open else { throw ImageError(.cancelled, "the pull was cancelled") }
          return try unpacker.layer(
            .stream(bytes, isCompressed: streamed.isCompressed), name: name, into: directory, space: space,
            cancellation: cancellation
          ) { _ in }
        }
        return .success(layer)
      } catch {
        return .failure(error)
      }
    }
  }
}
