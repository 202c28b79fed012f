/// Keeps layers on disk as long as it lives: between looking an image up and a container that stands on it, between unpacking a layer and
/// the image it belongs to.
final class LayerLease: Sendable {
  private let catalog: ImageCatalog
  let numbers: [Int]

  /// Only the catalog makes one, having counted it.
  init(catalog: ImageCatalog, numbers: [Int]) {
    self.catalog = catalog
    self.numbers = numbers
  }

  deinit { catalog.end(numbers) }
}
