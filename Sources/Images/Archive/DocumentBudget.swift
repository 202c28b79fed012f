/// Bounds what the documents of one archive may take, however often they name one another: a few indexes that name each other a
/// thousand times on each of four levels would be read for hours. The images found keep their documents in memory.
final class DocumentBudget {
  private static let maximumDescriptors = 1000

  private let maximumBytes: Int64
  private var descriptors = 0
  private var bytes: Int64 = 0

  init(maximumBytes: Int64 = 64 << 20) { self.maximumBytes = maximumBytes }

  /// One more index or manifest that is named.
  func countDescriptor(of archive: String) throws(ImageError) {
    descriptors += 1
    guard descriptors <= Self.maximumDescriptors else {
      throw ImageError(.tooLarge, "\(archive): its indexes name more than \(Self.maximumDescriptors) images and indexes")
    }
  }

  /// A document that is about to be read.
  func count(bytes size: Int64, of archive: String) throws(ImageError) {
    guard size <= maximumBytes - bytes else {
      throw ImageError(.tooLarge, "\(archive): its documents have more than \(maximumBytes >> 20) MiB")
    }
    bytes += size
  }
}
