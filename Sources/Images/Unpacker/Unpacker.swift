import CLinux
import Glibc
import LinuxSystem
import OCISpec
import UnpackProtocol

/// Takes archives apart by way of the sealed program (Sources/unpacker): one process decompresses, another one reads the tar. The bytes
/// between them go through here, so that what a layer is called (the digest of its tar) is not the word of a process that a layer may
/// have taken over. Calls block; a cancellation ends them at once.
struct Unpacker: Sendable {
  /// Path of the program.
  let program: String
  var limits = Limits()

  struct Limits: Sendable {
    /// Of a layer.
    var entries = 2_000_000
    /// Of a layer's files.
    var bytes: Int64 = 64 << 30
    /// Of an uncompressed archive.
    var archive: Int64 = 256 << 30
    /// Of the names an unpacker answers with, bytes: they lie in the agent's memory.
    var names = 32 << 20
    /// Longest time without a byte in either direction, milliseconds; a parser that stands still is ended.
    var patience: CInt = 120_000
  }

  /// How many bytes go by between looks at the free space and reports of progress.
  private static let interval: Int64 = 4 << 20

  // MARK: Layers

  struct UnpackedLayer {
    /// Of the uncompressed tar.
    let digest: String
    /// Of the files in it, as the tar says.
    let bytes: Int64
  }

  /// Fills an empty directory from a layer.
  func layer(
    _ source: LayerBytes, name: String, into directory: String, space: FreeSpace, cancellation: ImportCancellation,
    progress: (Int64) -> Void
  ) throws(ImageError) -> UnpackedLayer {
    let target = try ImageFile.open(directory, followLinks: false)
    var opaque: [String] = []
    var opaqueBytes = 0
    let (process, stream) = try start(
      ["layer", "\(limits.entries)", "\(limits.bytes)"], name: name, cancellation
    ) { stream in [stream, target] }
    let digest = Digest()
    var total: Int64 = 0
    do throws(ImageError) {
      unsafe try decompressed(source, name: name, cancellation) { chunk throws(ImageError) in
        total += Int64(chunk.count)
        // The tar's own headers are not more than the files' allowance.
        guard total <= limits.bytes + 4 << 30 else {
          throw ImageError(.tooLarge, "\(name): more than \(limits.bytes >> 30) GiB unpacked")
        }
        if total % Self.interval < Int64(chunk.count) {
          try space.check(written: UInt64(total), of: name)
          progress(total)
        }
        unsafe digest.update(chunk)
        return unsafe try process.send(chunk, into: stream)
      }
      stream.withRaw { raw in _ = cl_shutdown_write(raw) }
      let result = try process.answers { message throws(ImageError) in
        guard case .opaque(let path) = message, path.utf8.count < 4096, opaque.count < limits.entries else {
          throw ImageError(.invalidArchive, "\(name): the unpacker answered nonsense")
        }
        opaqueBytes += path.utf8.count
        guard opaqueBytes <= limits.names else { throw ImageError(.tooLarge, "\(name): too many opaque directories") }
        opaque.append(path)
      }
      guard result.bytes <= UInt64(limits.bytes) else {
        throw ImageError(.invalidArchive, "\(name): the unpacker answered nonsense")
      }
      try mark(opaque, in: target, name)
      return UnpackedLayer(digest: digest.finish(), bytes: Int64(clamping: result.bytes))
    } catch {
      throw error.code == .noSpace ? space.full(written: UInt64(total), of: name) : error
    }
  }

  /// Opaque directories: overlayfs's mark, which only a process with CAP_SYS_ADMIN may set.
  private func mark(_ paths: [String], in layer: SharedDescriptor, _ name: String) throws(ImageError) {
    for path in paths {
      try files("\(name): cannot mark '\(path)' as opaque") {
        let opened = try layer.withRaw { raw throws(SystemCallError) in
          // RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT
          try kernelCall("openat2", on: path) {
            unsafe cl_openat2(raw, path.isEmpty ? "." : path, UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, 0x01 | 0x02 | 0x10)
          }
        }
        let directory = OwnedDescriptor(adopting: opened)
        _ = try directory.withRaw { raw throws(SystemCallError) in
          try kernelCall("fsetxattr", on: path) { unsafe cl_fsetxattr(raw, "trusted.overlay.opaque", "y", 1) }
        }
      }
    }
  }

  // MARK: Compression

  /// Writes the decompressed bytes of a file to a new file.
  func decompress(
    _ file: ArchivedFile, name: String, to path: String, cancellation: ImportCancellation, progress: (Int64) -> Void
  ) throws(ImageError) {
    let space = FreeSpace(directory: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
    let output = try files("cannot write \(path)") {
      SharedDescriptor(
        OwnedDescriptor(
          adopting: try systemCall("open", on: path) { unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }))
    }
    var total: Int64 = 0
    unsafe try decompressed(.file(file), name: name, cancellation) { chunk throws(ImageError) in
      total += Int64(chunk.count)
      guard total <= limits.archive else { throw ImageError(.tooLarge, "\(name): more than \(limits.archive >> 30) GiB unpacked") }
      if total % Self.interval < Int64(chunk.count) {
        try space.check(written: UInt64(total), of: name)
        progress(total)
      }
      do throws(SystemCallError) {
        try output.withRaw { raw throws(SystemCallError) in unsafe try writeAll(raw, chunk, path) }
      } catch {
        if error.code == ENOSPC || error.code == EDQUOT { throw space.full(written: UInt64(total), of: name) }
        throw ImageError(.inputOutput, "cannot write \(path)", cause: error)
      }
      return true
    }
  }

  /// Calls `body` for each chunk of the decompressed bytes until it returns false or the end. Files that are not compressed need no
  /// parser, and get none.
  private func decompressed(
    _ source: LayerBytes, name: String, _ cancellation: ImportCancellation,
    _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Bool
  ) throws(ImageError) {
    switch source {
    case .file(let file): unsafe try decompressed(file, name: name, cancellation, body)
    case .stream(let stream, isCompressed: true): unsafe try decompressed(stream, name: name, cancellation, body)
    case .stream(let stream, isCompressed: false): unsafe try plain(stream, name: name, cancellation, body)
    }
  }

  private func decompressed(
    _ file: ArchivedFile, name: String, _ cancellation: ImportCancellation,
    _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Bool
  ) throws(ImageError) {
    guard try Self.isCompressed(file, name) else {
      var wanted = true
      return unsafe try file.read(name) { chunk throws(ImageError) in
        try cancellation.check()
        if wanted { wanted = unsafe try body(chunk) }
      }
    }
    let (process, stream) = try file.withDescriptor { raw, offset throws(ImageError) in
      let input = try files("cannot open \(name)") { SharedDescriptor(OwnedDescriptor(adopting: try Self.duplicate(raw))) }
      return try start(["decompress", "\(offset)", "\(file.size)"], name: name, cancellation) { stream in [input, stream] }
    }
    unsafe try take(from: stream, process, cancellation, isStarving: { false }, body)
  }

  private func decompressed(
    _ input: UnixStream, name: String, _ cancellation: ImportCancellation,
    _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Bool
  ) throws(ImageError) {
    let (process, stream) = try input.withRaw { raw throws(ImageError) in
      let lent = try files("cannot open \(name)") { SharedDescriptor(OwnedDescriptor(adopting: try Self.duplicate(raw))) }
      return try start(["decompress"], name: name, cancellation) { stream in [lent, stream] }
    }
    unsafe try take(from: stream, process, cancellation, isStarving: { Self.isEmpty(input) }, body)
  }

  /// As slow as its registry: that a parser stands still means something only while there is something for it to read.
  private static func isEmpty(_ input: UnixStream) -> Bool {
    input.withRaw { raw in
      var byte: UInt8 = 0
      return unsafe recv(raw, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }
  }

  private func take(
    from stream: UnixStream, _ process: UnpackerProcess, _ cancellation: ImportCancellation, isStarving: () -> Bool,
    _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Bool
  ) throws(ImageError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while true {
      try cancellation.check()
      let count = unsafe try process.receive(buffer, from: stream, isStarving: isStarving)
      if count == 0 { break }
      guard unsafe try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
    }
    // The stream ends with the process, however it ended.
    _ = try process.answers { _ in }
  }

  /// The bytes as they come, until whoever sends them closes its end: which it does when it has none for too long.
  private func plain(
    _ input: UnixStream, name: String, _ cancellation: ImportCancellation,
    _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Bool
  ) throws(ImageError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while true {
      try cancellation.check()
      let count = try files("cannot take the bytes of \(name)") {
        try input.withRaw { raw throws(SystemCallError) in
          try systemCall("read", on: name) { unsafe read(raw, buffer.baseAddress, buffer.count) }
        }
      }
      if count == 0 { return }
      guard unsafe try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
    }
  }

  /// Whether a file begins like something compressed: gzip (RFC 1952), zstd (RFC 8878, skippable frames too), xz, bzip2.
  static func isCompressed(_ file: ArchivedFile, _ name: String) throws(ImageError) -> Bool {
    var start = [UInt8](repeating: 0, count: 6)
    let count = try file.withDescriptor { raw, offset throws(ImageError) in
      try files("cannot read \(name)") {
        try systemCall("pread", on: name) { unsafe pread(raw, &start, min(6, Int(file.size)), off_t(offset)) }
      }
    }
    return isCompressed(start[..<count])
  }

  static func isCompressed(_ start: ArraySlice<UInt8>) -> Bool {
    start.starts(with: [0x1f, 0x8b]) || start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) || start.starts(with: Array("BZh".utf8))
      || start.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
      || start.count >= 4 && start.first.map { $0 & 0xf0 == 0x50 } == true && start.dropFirst().starts(with: [0x2a, 0x4d, 0x18])
  }

  // MARK: Processes

  /// Starts the program with a stream between it and us; our copies of what it was given are closed.
  private func start(
    _ arguments: [String], name: String, _ cancellation: ImportCancellation, _ descriptors: (SharedDescriptor) -> [SharedDescriptor]
  ) throws(ImageError) -> (UnpackerProcess, UnixStream) {
    let (ours, theirs) = try files("cannot make a socket") { try UnixStream.pair() }
    let lent = descriptors(theirs)
    let process = try UnpackerProcess(
      program: program, arguments: arguments, descriptors: lent.map { $0.withRaw { $0 } }, name: name, cancellation: cancellation,
      patience: limits.patience)
    withExtendedLifetime(lent) {}
    return (process, ours)
  }

  private static func duplicate(_ raw: CInt) throws(SystemCallError) -> CInt {
    try systemCall("fcntl(F_DUPFD_CLOEXEC)", on: "\(raw)") { fcntl(raw, F_DUPFD_CLOEXEC, 3) }
  }
}
