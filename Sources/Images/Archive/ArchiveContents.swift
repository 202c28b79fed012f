import Glibc
import LinuxSystem
import OCISpec
import UnpackProtocol

/// The files of an image archive, whatever it was: a tar, or an OCI layout directory. Names in an archive are keys only; they never become
/// a path on this host.
struct ArchiveContents {
  private enum Kind {
    case tar(files: [String: ArchivedFile], links: [String: String])
    case directory(String)
  }
  private let kind: Kind

  /// An OCI layout directory: only the names the layout defines are looked at, without following links.
  init(directory: String) { kind = .directory(directory) }

  /// An uncompressed tar, listed by the unpacker.
  /// - Parameter entries: at most as many as the unpacker allows.
  init(tar: SharedDescriptor, size: Int64, name: String, program: String, cancellation: ImportCancellation) throws(ImageError) {
    var files: [String: ArchivedFile] = [:]
    var links: [String: String] = [:]
    var names = 0
    let process = try tar.withRaw { raw throws(ImageError) in
      try UnpackerProcess(program: program, arguments: ["index"], descriptors: [raw], name: name, cancellation: cancellation)
    }
    _ = try process.answers { message throws(ImageError) in
      guard files.count + links.count <= Self.maximumEntries else {
        throw ImageError(.tooLarge, "\(name): more than \(Self.maximumEntries) entries")
      }
      // Entries that replace one another count too.
      if case .file(let entry, _, _) = message { names += entry.utf8.count }
      if case .link(let entry, let target) = message { names += entry.utf8.count + target.utf8.count }
      guard names <= Unpacker.Limits().names else { throw ImageError(.tooLarge, "\(name): more than 32 MiB of names") }
      switch message {
      case .file(let entry, _, _) where entry.utf8.count >= 4096, .link(let entry, _) where entry.utf8.count >= 4096:
        throw ImageError(.invalidArchive, "\(name): the unpacker answered nonsense")
      case .file(let entry, let offset, let length):
        guard let offset = Int64(exactly: offset), let length = Int64(exactly: length), offset <= size, length <= size - offset
        else {
          throw ImageError(.invalidArchive, "\(name): is cut off in the middle of \(entry)")
        }
        files[entry] = ArchivedFile(partOf: tar, offset: offset, size: length)
        links[entry] = nil
      case .link(let entry, let target): links[entry] = target
      default: throw ImageError(.invalidArchive, "\(name): the unpacker answered nonsense")
      }
    }
    kind = .tar(files: files, links: links)
  }

  private static let maximumEntries = 100_000

  /// Follows links inside the archive, a bounded number of times; nil when there is no such file.
  func file(_ name: String) throws(ImageError) -> ArchivedFile? {
    let name = name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    switch kind {
    case .tar(let files, let links):
      var name = name
      for _ in 0..<16 {
        if let file = files[name] { return file }
        guard let target = links[name] else { return nil }
        name = target
      }
      return nil
    case .directory(let directory):
      let blob = name.hasPrefix("blobs/sha256/") ? Digest.isValid("sha256:" + name.dropFirst(13)) : false
      guard blob || ["oci-layout", "index.json", "manifest.json"].contains(name) else { return nil }
      return try ArchivedFile(path: "\(directory)/\(name)")
    }
  }
}
