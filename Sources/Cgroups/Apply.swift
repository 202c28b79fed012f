import Glibc
import LinuxSystem

extension Cgroup {
  /// Writes the values that are set. The cgroup must exist, and have been created with its controllers.
  /// - Parameter available: the node's usable controllers. A weight whose controller is not among them is left out.
  /// - Throws: `unsupported` naming the controller of a limit that is not available, before anything is written;
  ///   `invalidArgument` for values the kernel's files cannot express.
  /// A second call changes what is set again; device rules of both calls then apply.
  public func apply(_ resources: CgroupResources, available: Set<Controller>) throws(CgroupError) {
    try validate()
    let settings = try resources.settings()
    for setting in settings {
      if let controller = setting.controller, setting.need == .limit, !available.contains(controller) {
        throw CgroupError(
          .unsupported,
          "\(setting.file) of cgroup \(path) needs the cgroup v2 controller \(controller), which this node does not have")
      }
    }
    for setting in settings {
      if let controller = setting.controller, !available.contains(controller) { continue }
      try write(setting)
    }
    if let rules = resources.deviceRules { try restrictDevices(rules) }
  }

  private func write(_ setting: Setting) throws(CgroupError) {
    do { try ControlFile.write(file(setting.file), setting.value) } catch  where error.code == ENOENT && setting.optionalFile {
      return
    } catch {
      throw CgroupError(.system, "set \(setting.file) of cgroup \(path) to \(setting.value)", cause: error)
    }
  }
}
