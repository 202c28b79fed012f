/// One file of a cgroup and what to write into it.
struct Setting: Equatable, Sendable {
  enum Need: Sendable {
    /// Must be enforced: an error without its controller.
    case limit
    /// Only orders or softens: left out without its controller.
    case weight
  }

  /// nil: a core file (cgroup.*), which needs no controller.
  let controller: Controller?
  let file: String
  let value: String
  let need: Need
  /// Left out when the cgroup has no such file although its controller is there.
  let optionalFile: Bool

  init(_ controller: Controller?, _ file: String, _ value: String, _ need: Need = .limit, optionalFile: Bool = false) {
    self.controller = controller
    self.file = file
    self.value = value
    self.need = need
    self.optionalFile = optionalFile
  }

  /// The kernel's text of a limit: `max` for a negative one.
  static func limit(_ value: Int64) -> String { value < 0 ? "max" : "\(value)" }
}

extension CgroupResources {
  /// Every file to write, in order.
  func settings() throws(CgroupError) -> [Setting] {
    try cpuSettings() + cpusetSettings() + memorySettings() + ioSettings() + pidsSettings() + hugetlbSettings() + unifiedSettings()
  }

  /// Controllers without which a limit could not be enforced. Values that cannot be written count for nothing here:
  /// `apply` reports them.
  var controllersOfLimits: Set<Controller> {
    var groups = [cpuSettings(), cpusetSettings(), ioSettings(), pidsSettings()]
    if let memory = try? memorySettings() { groups.append(memory) }
    if let hugetlb = try? hugetlbSettings() { groups.append(hugetlb) }
    if let unified = try? unifiedSettings() { groups.append(unified) }
    return Set(groups.joined().filter { $0.need == .limit }.compactMap(\.controller))
  }
}
