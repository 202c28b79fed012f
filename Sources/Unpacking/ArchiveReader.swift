import CLibArchive
import Glibc
import UnpackProtocol

/// A libarchive reader; compression (gzip, zstd, xz, bzip2) is recognised by content. Only filters that run in this process: libarchive
/// would start programs for others (lrzip, grzip) because of what an archive begins with.
@safe final class ArchiveReader {
  let pointer: OpaquePointer
  private var source: ArchiveRange?

  private init() { unsafe pointer = unsafe archive_read_new() }

  deinit { unsafe archive_read_free(pointer) }

  /// Reads an uncompressed tar from a descriptor: a stream, or a file whose contents are skipped over.
  static func tar(_ descriptor: CInt) throws(UnpackError) -> ArchiveReader {
    let reader = ArchiveReader()
    unsafe archive_read_support_format_tar(reader.pointer)
    unsafe archive_read_support_format_gnutar(reader.pointer)
    unsafe archive_read_support_format_empty(reader.pointer)
    try reader.check(unsafe archive_read_open_fd(reader.pointer, descriptor, 1 << 16), "cannot open")
    return reader
  }

  /// Reads a part of a file for its decompressed bytes.
  static func decompressing(_ range: ArchiveRange) throws(UnpackError) -> ArchiveReader {
    let reader = ArchiveReader()
    reader.source = range
    unsafe archive_read_support_filter_gzip(reader.pointer)
    unsafe archive_read_support_filter_zstd(reader.pointer)
    unsafe archive_read_support_filter_xz(reader.pointer)
    unsafe archive_read_support_filter_bzip2(reader.pointer)
    unsafe archive_read_support_format_raw(reader.pointer)
    unsafe archive_read_support_format_empty(reader.pointer)
    let client = unsafe Unmanaged.passUnretained(range).toOpaque()
    try reader.check(
      unsafe archive_read_open(
        reader.pointer, client, nil,
        { _, client, buffer in
          let chunk = unsafe Unmanaged<ArchiveRange>.fromOpaque(client!).takeUnretainedValue().next()
          unsafe buffer!.pointee = unsafe UnsafeRawPointer(chunk?.baseAddress)
          return unsafe chunk?.count ?? -1
        }, nil), "cannot open")
    return reader
  }

  /// UTF-8, whatever the process has: libarchive converts the names of pax headers to the thread's locale and gives none when it cannot.
  /// Never changed after it was made.
  private nonisolated(unsafe) static let textLocale = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

  /// Makes what reading needs from the host's file system, for a process that is about to lose it.
  static func prepare() { _ = unsafe textLocale }

  /// The next entry; nil at the end. Valid until the next call.
  func next() throws(UnpackError) -> OpaquePointer? {
    let previous = unsafe uselocale(Self.textLocale)
    defer { _ = unsafe uselocale(previous) }
    var entry: OpaquePointer?
    let result = unsafe archive_read_next_header(pointer, &entry)
    if result == ARCHIVE_EOF { return nil }
    try check(result, "damaged archive")
    return unsafe entry
  }

  /// Up to `buffer.count` bytes of the current entry; 0 at its end.
  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(UnpackError) -> Int {
    let count = unsafe archive_read_data(pointer, buffer.baseAddress, buffer.count)
    if count < 0 { try check(Int32(count), "damaged archive") }
    return count
  }

  /// ARCHIVE_WARN is a result one can live with (a character that does not convert, say).
  func check(_ result: Int32, _ what: String) throws(UnpackError) {
    guard result < ARCHIVE_WARN else { return }
    // A write to the disk fails with its errno (archive_read_data_into_fd).
    let code = unsafe archive_errno(pointer)
    if code == ENOSPC || code == EDQUOT { throw UnpackError(.noSpace, "\(what): no space left on device") }
    let text = unsafe archive_error_string(pointer).map { unsafe String(cString: $0) } ?? "error \(result)"
    throw UnpackError(.invalidArchive, "\(what): \(text)")
  }
}
