import CLinux
import Glibc
import LinuxSystem
import OCISpec

/// Unpacked layers on disk. Each directory says itself what it is: neither a lost database nor an old one makes layers wrong.
///
/// A layer is complete only under its final name: files, syncfs, rename, fsync of the directory.
final class LayerStore: Sendable {
  let directory: String
  let catalog: ImageCatalog
  let unpacker: Unpacker
  let unpacking = KeyedGate()
  /// A registry that is slow, or many pulls from it, leave threads for others; and all of them for archives and removals.
  let streams = KeyedGate(width: 16)
  let allStreams = KeyedGate(width: 64)
  /// One of each registry is counted apart from all.
  let firstStreams = KeyedGate()

  /// Loads what is there into the catalog; what a crash or a power loss cut off is removed. What cannot be read stays.
  /// - Parameter inUse: numbers that containers stand on, which stay whatever they look like.
  init(root: String, catalog: ImageCatalog, unpacker: Unpacker, inUse: Set<Int>) throws(ImageError) {
    let folder = "\(root)/layers"
    (directory, self.catalog, self.unpacker) = (folder, catalog, unpacker)
    var kept = inUse
    try files("cannot prepare \(folder)") {
      // Set-user-ID programs and device nodes of strangers' images: nobody but root gets here (CVE-2021-41091).
      try makePrivateDirectory(folder)
      for name in try listDirectory(folder) {
        guard let number = Int(name), number > 0, "\(number)" == name else {
          try removeTree("\(folder)/\(name)")
          continue
        }
        var text = ""
        do throws(SystemCallError) {
          text = try readFile("\(folder)/\(name)/\(Layer.description)", limit: 1 << 16)
        } catch {
          if error.code != ENOENT {
            kept.insert(number)
            catalog.report("\(folder)/\(name) does not say which layer it is (\(error)): it stays and is not used")
          }
        }
        if let layer = Layer(number: number, description: text) {
          catalog.put(layer)
          catalog.skipNumbers(through: number)
        } else if catalog.keepsAllLayers {
          kept.insert(number)
        } else if !kept.contains(number) {
          try removeTree("\(folder)/\(name)")
        }
      }
    }
    catalog.skipNumbers(through: kept.max() ?? 0)
  }

  func path(_ layer: Layer) -> String { "\(directory)/\(layer.directory)/diff" }

  // MARK: Unpacking

  /// Unpacks a layer unless it is there already. Two imports that need the same layer unpack it once.
  /// - Returns: what keeps the layer until it belongs to an image.
  func obtain(
    _ archived: ArchivedLayer, cancellation: ImportCancellation, progress: @escaping @Sendable (Int64) -> Void
  ) async throws(ImageError) -> (layer: Layer, lease: LayerLease) {
    try await unpacking.pass(archived.diffID) { () async throws(ImageError) in
      if let known = catalog.lease(layer: archived.diffID) { return known }
      let layer = try await runBlocking(.images) { [self] () throws(ImageError) in
        try cancellation.check()
        return try unpack(archived, cancellation, progress)
      }
      return await keep(layer)
    }
  }

  /// Makes an unpacked layer known, unless it came in meanwhile by another way: then that one is it.
  func keep(_ layer: Layer) async -> (layer: Layer, lease: LayerLease) {
    let kept = catalog.keep(layer)
    if kept.layer.number != layer.number { await discard(layer) }
    return kept
  }

  /// Removes a layer that nobody knows of.
  func discard(_ layer: Layer) async {
    await runBlocking(.images) { [directory] in try? removeTree("\(directory)/\(layer.directory)") }
  }

  private func unpack(
    _ archived: ArchivedLayer, _ cancellation: ImportCancellation, _ progress: (Int64) -> Void
  ) throws(ImageError) -> Layer {
    let name = "layer \(archived.diffID)"
    // Of a layer that is not compressed the two are one, and compared below.
    if archived.digest != archived.diffID { try checkDigest(archived, name, cancellation) }
    do throws(ImageError) {
      return try make(archived.diffID, size: archived.file.size) { directory, space throws(ImageError) in
        try unpacker.layer(
          .file(archived.file), name: name, into: directory, space: space, cancellation: cancellation, progress: progress)
      }
    } catch {
      if error.code == .invalidArchive { try checkDigest(archived, name, cancellation) }
      throw error
    }
  }

  /// Makes a layer's directory, which is not in the catalog yet.
  func make(
    _ diffID: String, size: Int64, unpack: (String, FreeSpace) throws(ImageError) -> Unpacker.UnpackedLayer
  ) throws(ImageError) -> Layer {
    let name = "layer \(diffID)"
    let space = FreeSpace(directory: directory)
    try space.require(UInt64(clamping: size), for: name)
    let number = catalog.reserveNumber()
    let temporary = "\(directory)/\(number).tmp"
    do throws(ImageError) {
      try files("cannot make \(temporary)") {
        try removeTree(temporary)
        try makeDirectory(temporary, mode: 0o700)
        try makeDirectory("\(temporary)/diff", mode: 0o755)
      }
      let result = try unpack("\(temporary)/diff", space)
      guard result.digest == diffID else {
        throw ImageError(
          .digestMismatch, "\(name): the unpacked bytes have digest \(result.digest): the image's config does not fit its layers")
      }
      return try files("cannot finish \(name)") {
        // The unpacker is not asked what it used.
        let usage = try TreeUsage.measure("\(temporary)/diff")
        let layer = Layer(
          number: number, diffID: diffID, bytes: result.bytes, diskBytes: Int64(clamping: usage.bytes),
          inodes: Int64(clamping: usage.inodes), isDurable: false)
        try writeFile("\(temporary)/\(Layer.description)", layer.text, mode: 0o600)
        return layer
      }
    } catch {
      try? removeTree(temporary)
      throw error
    }
  }

  /// Damage is told from an archive that was made badly.
  private func checkDigest(_ archived: ArchivedLayer, _ name: String, _ cancellation: ImportCancellation) throws(ImageError) {
    guard let expected = archived.digest else { return }
    let actual = try archived.file.digest(name, cancellation: cancellation)
    guard actual == expected else {
      throw ImageError(.digestMismatch, "blob \(expected) has digest \(actual): it was damaged or changed")
    }
  }

  // MARK: Durability

  /// syncfs(2), once for an import and before its record: a file of an image may not be missing or empty after a power loss. With thousands
  /// of files it is cheaper than an fsync of each. Blocks as long as the disk writes.
  func flush() throws(ImageError) {
    let directory = directory
    try files("cannot write \(directory) to the disk") {
      let folder = OwnedDescriptor(
        adopting: try systemCall("open", on: directory) { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
      _ = try folder.withRaw { raw throws(SystemCallError) in try kernelCall("syncfs", on: directory) { cl_syncfs(raw) } }
    }
  }

  /// Gives layers that were flushed their final names. The caller keeps them by leases and lets nobody else settle meanwhile.
  func settle(_ diffIDs: [String]) throws(ImageError) {
    let (directory, catalog) = (directory, catalog)
    try files("cannot finish layers") {
      var renamed: [String] = []
      for diffID in diffIDs {
        guard let (layer, _) = catalog.lease(layer: diffID), !layer.isDurable else { continue }
        let from = "\(directory)/\(layer.directory)"
        _ = try systemCall("rename", on: from) { unsafe rename(from, "\(directory)/\(layer.number)") }
        catalog.settle(diffID)
        renamed.append(diffID)
      }
      guard !renamed.isEmpty else { return }
      let folder = OwnedDescriptor(
        adopting: try systemCall("open", on: directory) { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
      _ = try folder.withRaw { raw throws(SystemCallError) in try systemCall("fsync", on: directory) { fsync(raw) } }
    }
  }

  // MARK: Removal

  /// Removes layers that were taken out of the catalog; those that stay as they were are put back, for the next time. A crash in the
  /// middle leaves a directory that the next start removes.
  /// - Throws: the first failure, after the others were tried.
  func delete(_ layers: [Layer]) throws(ImageError) {
    var failure: ImageError?
    for layer in layers {
      let path = "\(directory)/\(layer.directory)"
      let doomed = "\(directory)/\(layer.number).gone"
      do throws(ImageError) {
        try files("cannot remove layer \(layer.diffID)") {
          do {
            try removeTree(doomed)
            if unsafe rename(path, doomed) != 0, errno != ENOENT {
              throw SystemCallError(call: "rename", subject: path, code: errno)
            }
          } catch {
            catalog.putBack(layer)
            throw error
          }
          try removeTree(doomed)
        }
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }
}
