internal import FoundationEssentials
internal import LinuxSystem

/// A path of the host, checked for its type before use. Source: kubelet volume/hostpath.
struct HostPathVolume: PodVolume {
  let path: String
  let type: String
  var hostPath: String { path }
  var takesGroup: Bool { false }

  func setUp() throws(KubeletError) -> Bool {
    do {
      let facts = try HostFiles.facts(path)
      switch type {
      case "": if facts == nil { try makeDirectory(path, mode: 0o755, parents: 0o750) }
      case "DirectoryOrCreate":
        if facts == nil { try makeDirectory(path, mode: 0o755, parents: 0o750) } else { try check(facts, .directory) }
      case "Directory": try check(facts, .directory)
      case "FileOrCreate": if facts == nil { try createFile() } else { try check(facts, .file) }
      case "File": try check(facts, .file)
      case "Socket": try check(facts, .socket)
      case "CharDevice": try check(facts, .characterDevice)
      case "BlockDevice": try check(facts, .blockDevice)
      default: throw failure("has an unknown type \(type)")
      }
      return false
    } catch let error as KubeletError {
      throw error
    } catch {
      throw KubeletError(.volume, "hostPath \(path) cannot be used", cause: error)
    }
  }

  private func check(_ facts: FileFacts?, _ kind: FileFacts.Kind) throws(KubeletError) {
    guard let facts else { throw failure("does not exist") }
    if facts.kind != kind { throw failure("is not a \(Self.word(kind))") }
  }

  /// The parent must exist.
  private func createFile() throws(KubeletError) {
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644]) else {
      throw failure("cannot be created; does its directory exist?")
    }
  }

  private func failure(_ text: String) -> KubeletError {
    KubeletError(.volume, "hostPath type check failed: \(path) \(text)")
  }

  private static func word(_ kind: FileFacts.Kind) -> String {
    switch kind {
    case .directory: "directory"
    case .file: "file"
    case .socket: "socket file"
    case .characterDevice: "character device"
    case .blockDevice: "block device"
    case .symlink: "symbolic link"
    case .fifo: "named pipe"
    }
  }
}
