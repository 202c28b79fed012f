import CLibArchive
import Glibc

/// A libarchive reader; compression (gzip, zstd, xz, bzip2) is recognised by content. Only filters that run in this process: libarchive
/// would start programs for others (lrzip, grzip) because of what an archive begins with.
@safe final class ArchiveReader {
  let pointer: OpaquePointer
  private let name: String

  private init(_ name: String) {
    unsafe pointer = unsafe archive_read_new()
    self.name = name
    unsafe archive_read_support_filter_gzip(pointer)
    unsafe archive_read_support_filter_zstd(pointer)
    unsafe archive_read_support_filter_xz(pointer)
    unsafe archive_read_support_filter_bzip2(pointer)
  }

  deinit { unsafe archive_read_free(pointer) }

  /// Opens a tar file, compressed or not.
  static func tar(file path: String) throws(ImageError) -> ArchiveReader {
    let reader = ArchiveReader(path)
    unsafe archive_read_support_format_tar(reader.pointer)
    unsafe archive_read_support_format_gnutar(reader.pointer)
    try reader.check(unsafe archive_read_open_filename(reader.pointer, path, 1 << 16), "cannot open")
    return reader
  }

  /// Opens a file for its decompressed bytes.
  static func raw(file path: String) throws(ImageError) -> ArchiveReader {
    let reader = ArchiveReader(path)
    unsafe archive_read_support_format_raw(reader.pointer)
    unsafe archive_read_support_format_empty(reader.pointer)
    try reader.check(unsafe archive_read_open_filename(reader.pointer, path, 1 << 16), "cannot open")
    return reader
  }

  /// Reads a tar from a decompressed stream that `source` delivers.
  static func tar(from source: LayerStream) throws(ImageError) -> ArchiveReader {
    let reader = ArchiveReader(source.name)
    unsafe archive_read_support_format_tar(reader.pointer)
    unsafe archive_read_support_format_gnutar(reader.pointer)
    unsafe archive_read_support_format_empty(reader.pointer)
    let client = unsafe Unmanaged.passUnretained(source).toOpaque()
    try reader.check(
      unsafe archive_read_open(
        reader.pointer, client, nil,
        { _, client, buffer in
          let source = unsafe Unmanaged<LayerStream>.fromOpaque(client!).takeUnretainedValue()
          let chunk = unsafe source.next()
          unsafe buffer!.pointee = unsafe UnsafeRawPointer(chunk.baseAddress)
          return source.failed ? -1 : chunk.count
        }, nil), "cannot open")
    return reader
  }

  /// UTF-8, whatever the process has: libarchive converts the names of pax headers to the thread's locale and gives none when it cannot.
  /// Never changed after it was made.
  private nonisolated(unsafe) static let textLocale = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

  /// The next entry; nil at the end. Valid until the next call.
  func next() throws(ImageError) -> OpaquePointer? {
    let previous = unsafe uselocale(Self.textLocale)
    defer { _ = unsafe uselocale(previous) }
    var entry: OpaquePointer?
    let result = unsafe archive_read_next_header(pointer, &entry)
    if result == ARCHIVE_EOF { return nil }
    try check(result, "damaged archive")
    return unsafe entry
  }

  /// Up to `buffer.count` bytes of the current entry; 0 at its end.
  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
    let count = unsafe archive_read_data(pointer, buffer.baseAddress, buffer.count)
    if count < 0 { try check(Int32(count), "damaged archive") }
    return count
  }

  /// ARCHIVE_WARN is a result one can live with (a character that does not convert, say).
  func check(_ result: Int32, _ what: String) throws(ImageError) {
    guard result < ARCHIVE_WARN else { return }
    let text = unsafe archive_error_string(pointer).map { unsafe String(cString: $0) } ?? "error \(result)"
    throw ImageError(.invalidArchive, "\(name): \(what): \(text)")
  }
}

/// The decompressed bytes of a layer blob, hashed on their way to the tar reader.
@safe final class LayerStream {
  let name: String
  private(set) var failed = false
  private(set) var bytes: Int64 = 0
  private let reader: ArchiveReader
  private let digest = Digest()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
  private var opened = false
  private var ended = false
  private let progress: (Int64) -> Void

  init(blob path: String, name: String, progress: @escaping (Int64) -> Void) throws(ImageError) {
    self.name = name
    self.progress = progress
    reader = try ArchiveReader.raw(file: path)
    opened = unsafe try reader.next() != nil
    ended = !opened
  }

  deinit { unsafe buffer.deallocate() }

  /// The next chunk; empty at the end.
  func next() -> UnsafeRawBufferPointer {
    guard !ended, !failed else { return unsafe UnsafeRawBufferPointer(start: buffer.baseAddress, count: 0) }
    do throws(ImageError) {
      let count = unsafe try reader.read(buffer)
      let chunk = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
      unsafe digest.update(chunk)
      bytes += Int64(count)
      ended = count == 0
      progress(Int64(count))
      return unsafe chunk
    } catch {
      failed = true
      return unsafe UnsafeRawBufferPointer(start: buffer.baseAddress, count: 0)
    }
  }

  /// Reads what the tar reader left (padding after the end marker counts in the diff id) and gives the digest.
  func finish() throws(ImageError) -> String {
    while unsafe next().count > 0 {}
    if failed { throw ImageError(.invalidArchive, "\(name): the compressed data is damaged") }
    return digest.finish()
  }
}
