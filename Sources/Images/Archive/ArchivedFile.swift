import Glibc
import LinuxSystem
import OCISpec

/// A file of an image archive: a part of the archive's tar, or a file of a layout directory. Its bytes are read where they lie.
struct ArchivedFile: Sendable {
  private enum Place {
    case part(SharedDescriptor, offset: Int64)
    case file(path: String)
  }
  private let place: Place
  /// Bytes.
  let size: Int64

  init(partOf tar: SharedDescriptor, offset: Int64, size: Int64) {
    place = .part(tar, offset: offset)
    self.size = size
  }

  /// nil when there is nothing at `path`. Links are not followed; anything but a regular file is refused.
  init?(path: String) throws(ImageError) {
    guard let size = try ImageFile.size(path) else { return nil }
    place = .file(path: path)
    self.size = size
  }

  /// Lends a descriptor and where in it the bytes begin.
  func withDescriptor<R>(_ body: (CInt, Int64) throws(ImageError) -> R) throws(ImageError) -> R {
    switch place {
    case .part(let tar, let offset): return try tar.withRaw { raw throws(ImageError) in try body(raw, offset) }
    case .file(let path):
      return try ImageFile.open(path, followLinks: false).withRaw { raw throws(ImageError) in try body(raw, 0) }
    }
  }

  /// All bytes, in chunks; `body` must not keep them.
  func read(_ name: String, _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Void) throws(ImageError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    try withDescriptor { raw, start throws(ImageError) in
      var done: Int64 = 0
      while done < size {
        let wanted = Int(min(Int64(buffer.count), size - done))
        let count = try files("cannot read \(name)") {
          try systemCall("pread", on: name) { unsafe pread(raw, buffer.baseAddress, wanted, off_t(start + done)) }
        }
        guard count > 0 else { throw ImageError(.invalidArchive, "\(name): the file became shorter while it was read") }
        done += Int64(count)
        unsafe try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  /// The bytes of a document, at most 8 MiB.
  func document(_ name: String) throws(ImageError) -> [UInt8] {
    guard size <= 8 << 20 else {
      throw ImageError(.tooLarge, "\(name) has \(size) bytes; a document has at most 8 MiB")
    }
    var bytes: [UInt8] = []
    unsafe try read(name) { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Of all bytes: seconds for gigabytes, unless the import is cancelled.
  func digest(_ name: String, cancellation: ImportCancellation) throws(ImageError) -> String {
    let digest = Digest()
    unsafe try read(name) { chunk throws(ImageError) in
      try cancellation.check()
      unsafe digest.update(chunk)
    }
    return digest.finish()
  }
}
