/// The fields a pod sets that this version does not act on (`FieldSupport`). Nothing is ignored silently: the agent reports each as a warning,
/// and refuses a pod that could not run without it.
public enum UnsupportedFields {
  public struct Field: Hashable, Sendable {
    /// JSON path as written, such as `spec.containers[0].envFrom`.
    public let path: String
    public let reason: String
    /// The pod cannot start; otherwise it runs without the field.
    public var isFatal = false
  }

  /// - Parameter pod: as written in the manifest, before defaults. At most as many as are told of a file.
  public static func of(_ pod: Pod) -> [Field] {
    guard let json = try? JSONValue(encoding: pod) else { return [] }
    var fields: [Field] = []
    walk(json, path: "", plain: "", into: &fields)
    for (index, volume) in (pod.spec.volumes ?? []).enumerated() {
      let path = "spec.volumes[\(index)]"
      if let type = volume.unsupportedType {
        fields.removeAll { $0.path.hasPrefix(path) }
        let name = volume.sourceNames.first.map { ".\($0)" } ?? ""
        fields.append(
          Field(path: path + name, reason: "volumes of type \(type) are not supported; the pod cannot start", isFatal: true))
      } else if volume.emptyDir?.sizeLimit != nil, (volume.emptyDir?.medium ?? "").isEmpty {
        fields.append(
          Field(
            path: "\(path).emptyDir.sizeLimit",
            reason: "the size of an emptyDir on disk is not limited yet; the pod runs without it"))
      }
    }
    for (path, container) in pod.containersWithPaths {
      for kind in ["requests", "limits"] {
        let amounts = kind == "requests" ? container.resources?.requests : container.resources?.limits
        for name in (amounts ?? [:]).keys.sorted() where name.contains("/") {
          fields.append(
            Field(
              path: "\(path).resources.\(kind).\(name)", reason: "this node has no such resource; the pod cannot start",
              isFatal: true))
        }
      }
      if container.resources?.limits?["ephemeral-storage"] != nil {
        fields.append(
          Field(
            path: "\(path).resources.limits.ephemeral-storage", reason: "storage is not limited yet; the pod runs without it"))
      }
    }
    // However many notes there are, what keeps the pod from starting is among those that are told.
    let (fatal, notes) = (fields.filter(\.isFatal), fields.filter { !$0.isFatal })
    let told = fatal.prefix(ReadBudget.maximumErrors) + notes.prefix(max(0, ReadBudget.maximumErrors - fatal.count))
    return told.sorted { $0.path < $1.path }
  }

  private static func walk(_ value: JSONValue, path: String, plain: String, into fields: inout [Field]) {
    switch value {
    case .object(let children):
      for (name, child) in children {
        let place = path.isEmpty ? name : "\(path).\(name)"
        let bare = path.isEmpty ? name : "\(plain).\(name)"
        if isEmpty(child) { continue }
        switch FieldSupport.effect(of: bare) {
        case .acts, .notForNodes: if FieldSupport.isParent(bare) { walk(child, path: place, plain: bare, into: &fields) }
        case .ignored(let reason):
          fields.append(Field(path: place, reason: "no effect: \(reason); the pod runs without it"))
        case .refused(let reason): fields.append(Field(path: place, reason: "\(reason); the pod cannot start", isFatal: true))
        case nil: fields.append(Field(path: place, reason: "not known to this version; the pod cannot start", isFatal: true))
        }
      }
    case .array(let items):
      for (index, item) in items.enumerated() { walk(item, path: "\(path)[\(index)]", plain: plain, into: &fields) }
    default: break
    }
  }

  /// What asks for nothing.
  private static func isEmpty(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .bool(false), .string(""): true
    case .array(let items): items.isEmpty
    default: false
    }
  }
}
