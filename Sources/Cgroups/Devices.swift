import LinuxSystem

/// Whether processes may make, read or write device nodes. Source: runtime-spec config-linux.md, "Allowed Device list".
public struct DeviceRule: Equatable, Sendable {
  public var allow: Bool
  /// `a` (both), `c` or `b`.
  public var type: String
  /// nil or negative: any.
  public var major: Int64?
  public var minor: Int64?
  /// Out of `r`, `w` and `m` (mknod); nothing means all.
  public var access: String

  public init(allow: Bool, type: String = "a", major: Int64? = nil, minor: Int64? = nil, access: String = "rwm") {
    self.allow = allow
    self.type = type
    self.major = major
    self.minor = minor
    self.access = access
  }
}

extension Cgroup {
  /// Attaches a program for the rules to this cgroup. Rules that allow everything attach nothing.
  func restrictDevices(_ rules: [DeviceRule]) throws(CgroupError) {
    guard let program = try DeviceProgram.assemble(rules) else { return }
    let directory = try open()
    do { try DeviceFilter.attach(program, to: directory, name: "device rules of \(path)") } catch {
      throw CgroupError(.system, "restrict the devices of cgroup \(path): the kernel did not take the BPF program", cause: error)
    }
  }
}
