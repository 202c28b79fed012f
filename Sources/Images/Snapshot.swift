/// Directories of a container's writable layer.
public struct Snapshot: Sendable, Equatable {
  public let upper: String
  public let work: String
  /// Holds `upper` and `work` of what the container writes to places that the image declares as volumes.
  public var volumes: String { "\(directory)/volumes" }
  /// Holds both.
  public var directory: String { String(upper.dropLast("/upper".count)) }
}

/// What `<root>/containers/<owner>/snapshot` says: on which layers a container stands.
struct SnapshotDescription: Equatable {
  let image: String
  let layers: [Int]

  private static let kind = "snapshot"
  static let file = "snapshot"

  init(image: String, layers: [Int]) { (self.image, self.layers) = (image, layers) }

  init?(_ text: String) {
    guard let properties = Properties(text, kind: Self.kind), let image = properties["image"] else { return nil }
    let numbers = properties.all("layer").map { Int($0) }
    guard !numbers.contains(nil) else { return nil }
    self.init(image: image, layers: numbers.compactMap(\.self))
  }

  var text: String {
    var properties = Properties()
    properties.set("image", image)
    properties.set("layer", layers.map { "\($0)" })
    return properties.text(kind: Self.kind)
  }
}
