import Synchronization

/// What this node has, in memory: images by every name, layers, and who uses them. Loaded at start, changed together with the disk;
/// looking up an image touches neither database nor disk. Nothing in here blocks.
final class ImageCatalog: Sendable {
  private struct State {
    var images: [String: StoredImage] = [:]
    /// Tag or repository digest -> id.
    var names: [String: String] = [:]
    /// By diff id.
    var layers: [String: Layer] = [:]
    /// Container -> numbers of its layers.
    var snapshots: [String: [Int]] = [:]
    /// Layer number -> leases.
    var leases: [Int: Int] = [:]
    /// Something on disk that names layers cannot be read: no layer is taken for unused until the next start.
    var keepsAll = false
    var problems: [String] = []
    var nextNumber = 1

    mutating func index(_ image: StoredImage) {
      for name in image.repoTags + image.repoDigests { names[name] = image.id }
      images[image.id] = image
    }

    mutating func drop(_ id: String) {
      guard let old = images.removeValue(forKey: id) else { return }
      for name in old.repoTags + old.repoDigests where names[name] == id {
        names[name] = nil
        // The same manifest may have come with another image's name; ids differ only when its config was rebuilt.
        if let other = images.values.first(where: { $0.repoDigests.contains(name) || $0.repoTags.contains(name) }) {
          names[name] = other.id
        }
      }
    }

    mutating func lease(_ numbers: [Int], in catalog: ImageCatalog) -> LayerLease {
      for number in numbers { leases[number, default: 0] += 1 }
      return LayerLease(catalog: catalog, numbers: numbers)
    }

    var used: Set<Int> {
      var used = Set(leases.keys).union(snapshots.values.joined())
      for image in images.values { used.formUnion(image.diffIDs.compactMap { layers[$0]?.number }) }
      return used
    }

    func unusedLayers() -> [Layer] {
      if keepsAll { return [] }
      let used = used
      return layers.values.filter { !used.contains($0.number) }.sorted { $0.number < $1.number }
    }
  }
  private let state = Mutex(State())

  // MARK: Images

  func all() -> [StoredImage] { state.withLock { state in state.images.values.sorted { $0.id < $1.id } } }

  func image(id: String) -> StoredImage? { state.withLock { $0.images[id] } }

  func image(name: String) -> StoredImage? { state.withLock { state in state.names[name].flatMap { state.images[$0] } } }

  /// Images whose id begins with these hex digits.
  func images(prefix: String) -> [StoredImage] {
    state.withLock { state in state.images.values.filter { $0.id.dropFirst(7).hasPrefix(prefix) } }
  }

  /// Puts images in or replaces them.
  func put(_ images: [StoredImage]) {
    state.withLock { state in
      for image in images { state.drop(image.id) }
      for image in images { state.index(image) }
    }
  }

  /// Whether an image is there with every layer.
  func isWhole(image id: String) -> Bool {
    state.withLock { state in state.images[id].map { $0.diffIDs.allSatisfy { state.layers[$0] != nil } } ?? false }
  }

  func remove(image id: String) { state.withLock { $0.drop(id) } }

  /// The layers of an image, topmost first, each once, kept until the lease ends. nil: no such image; a diff id: that layer is gone.
  func lease(image id: String) -> Result<(image: StoredImage, layers: [Layer], lease: LayerLease), MissingLayer>? {
    state.withLock { state in
      guard let image = state.images[id] else { return nil }
      var layers: [Layer] = []
      // The same layer twice (empty ones, mostly): overlayfs takes a directory once, and the topmost has all of it.
      var seen: Set<String> = []
      for diffID in image.diffIDs.reversed() where seen.insert(diffID).inserted {
        guard let layer = state.layers[diffID], layer.isDurable else { return .failure(MissingLayer(diffID: diffID)) }
        layers.append(layer)
      }
      return .success((image, layers, state.lease(layers.map(\.number), in: self)))
    }
  }

  struct MissingLayer: Error { let diffID: String }

  // MARK: Layers

  func layers() -> [Layer] { state.withLock { Array($0.layers.values) } }

  func hasLayer(_ diffID: String) -> Bool { state.withLock { $0.layers[diffID] != nil } }

  /// A layer that is there, kept until the lease ends.
  func lease(layer diffID: String) -> (layer: Layer, lease: LayerLease)? {
    state.withLock { state in state.layers[diffID].map { ($0, state.lease([$0.number], in: self)) } }
  }

  /// Adds a layer that an earlier agent left.
  func put(_ layer: Layer) { state.withLock { $0.layers[layer.diffID] = layer } }

  /// Adds an unpacked layer, unless it is there: then that one is kept.
  func keep(_ layer: Layer) -> (layer: Layer, lease: LayerLease) {
    state.withLock { state in
      let kept = state.layers[layer.diffID] ?? layer
      state.layers[layer.diffID] = kept
      return (kept, state.lease([kept.number], in: self))
    }
  }

  /// The layer is on the disk for good, under its final name.
  func settle(_ diffID: String) { state.withLock { $0.layers[diffID]?.isDurable = true } }

  /// Numbers up to this one are taken.
  func skipNumbers(through number: Int) { state.withLock { $0.nextNumber = max($0.nextNumber, number + 1) } }

  func reserveNumber() -> Int {
    state.withLock { state in
      defer { state.nextNumber += 1 }
      return state.nextNumber
    }
  }

  /// Takes the layers that nothing uses out; from here on nobody can find them.
  func takeUnused() -> [Layer] {
    state.withLock { state in
      let unused = state.unusedLayers()
      for layer in unused { state.layers[layer.diffID] = nil }
      return unused
    }
  }

  /// Puts a layer back that was taken out and could not be removed, unless it came in anew meanwhile.
  func putBack(_ layer: Layer) {
    state.withLock { state in
      if state.layers[layer.diffID] == nil { state.layers[layer.diffID] = layer }
    }
  }

  func unused() -> [Layer] { state.withLock { $0.unusedLayers() } }

  func end(_ numbers: [Int]) {
    state.withLock { state in
      for number in numbers {
        state.leases[number, default: 1] -= 1
        if state.leases[number] == 0 { state.leases[number] = nil }
      }
    }
  }

  // MARK: Containers

  func put(snapshot owner: String, layers: [Int]) { state.withLock { $0.snapshots[owner] = layers } }

  func remove(snapshot owner: String) { state.withLock { _ = $0.snapshots.removeValue(forKey: owner) } }

  func snapshotOwners() -> [String] { state.withLock { Array($0.snapshots.keys) } }

  func keepAllLayers() { state.withLock { $0.keepsAll = true } }

  var keepsAllLayers: Bool { state.withLock { $0.keepsAll } }

  // MARK: Problems

  /// What the start found and left alone, as sentences.
  var problems: [String] { state.withLock { $0.problems } }

  func report(_ problem: String) { state.withLock { $0.problems.append(problem) } }
}
