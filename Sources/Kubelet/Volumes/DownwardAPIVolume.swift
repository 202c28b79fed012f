internal import KubeModel
internal import LinuxSystem

/// Files with fields of the pod: of a downwardAPI volume, or of the downwardAPI sources of a projected one. Its inputs are values: a pod with
/// other labels is another volume value, and `setUp` writes what differs.
struct DownwardAPIVolume: PodVolume {
  let hostPath: String
  let files: Result<[AtomicFiles.File], KubeletError>
  var takesGroup: Bool { true }
  var isReadOnly: Bool { true }

  /// Source: kubelet volume/downwardapi `CollectData`.
  init(_ items: [DownwardAPIVolumeFile], defaultMode: Int32?, hostPath: String, pod: Pod, node: NodeFacts) {
    self.hostPath = hostPath
    files = Result { () throws(KubeletError) in
      var files: [AtomicFiles.File] = []
      for item in items {
        let text: String
        if let field = item.fieldRef {
          text = try FieldPath.content(field.fieldPath, of: pod)
        } else if let field = item.resourceFieldRef {
          guard let container = field.containerName.flatMap({ pod.container(named: $0)?.container }) else {
            throw KubeletError(.invalidPod, reason: "FailedMount", "\(item.path): container \(field.containerName ?? "") not found")
          }
          text = try Environment.resource(field, container, in: pod, node: node)
        } else {
          continue
        }
        // A record of an agent that did not look at modes is torn down, too.
        let mode = UInt32(truncatingIfNeeded: item.mode ?? defaultMode ?? 0o644) & 0o777
        files.append(AtomicFiles.File(path: item.path, content: Array(text.utf8), mode: mode))
      }
      return files
    }
  }

  func setUp() throws(KubeletError) -> Bool { try AtomicFiles.write(try files.get(), to: hostPath) }
}

extension FieldPath {
  /// As a file's content: whole maps too. Source: kubelet fieldpath `ExtractFieldPathAsString`, `FormatMap`.
  static func content(_ path: String, of pod: Pod) throws(KubeletError) -> String {
    func map(_ values: [String: String]?) -> String {
      (values ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\(JSONValue.string($0.value).text)\n" }.joined()
        .droppingLastNewline
    }
    switch path {
    case "metadata.labels": return map(pod.metadata.labels)
    case "metadata.annotations": return map(pod.metadata.annotations)
    default: return try value(path, of: pod, podIPs: [], node: NodeFacts(name: "", memoryCapacity: 0, milliCPUCapacity: 0))
    }
  }
}

extension String {
  fileprivate var droppingLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
