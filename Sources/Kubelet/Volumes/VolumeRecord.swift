internal import LinuxSystem

/// What was done to a volume, beside it in the pod's directory: it goes with the pod, and a later agent reads it.
struct VolumeRecord {
  let path: String

  /// The group that owns all of the volume's files; nil: none was given, or not to the end.
  var group: UInt32? { (try? readFile(path, limit: 64)).flatMap { UInt32($0.dropFirst("group ".count)) } }

  func save(group: UInt32) throws(KubeletError) {
    do {
      if let slash = path.lastIndex(of: "/") { try makeDirectory(String(path[..<slash]), mode: 0o750, parents: 0o750) }
      try writeFile(path, "group \(group)", mode: 0o640)
    } catch {
      throw KubeletError(.volume, "what was done to the volume cannot be recorded", cause: error)
    }
  }
}
