import Glibc
public import LinuxSystem

/// One cgroup, existing or not: a value that names it. Everything it does are short system calls, except where "blocking" is said.
public struct Cgroup: Sendable {
  let mountPoint: String
  let components: [String]
  /// What the node's hierarchy can do, to be enabled on the way down.
  let usable: Set<Controller>

  /// Below the mount, with a leading slash.
  public var path: String { "/" + components.joined(separator: "/") }
  /// Absolute.
  public var directory: String { ([mountPoint] + components).joined(separator: "/") }

  func file(_ name: String) -> String { "\(directory)/\(name)" }

  func child(_ name: String) -> Cgroup { Cgroup(mountPoint: mountPoint, components: components + [name], usable: usable) }

  /// Makes the cgroup and its missing ancestors; what is there already is fine.
  /// - Parameters:
  ///   - enableControllers: give it every usable controller, by cgroup.subtree_control of each ancestor. Not wanted below a
  ///   cgroup with processes: the kernel lets only cgroups without processes hand controllers down (except the root).
  ///   - parentIsReady: the parent was made by `create`, for a sibling of this one: only the last directory is missing. When it is not
  ///     there after all, everything is made.
  /// - Throws: after removing the directories it had made.
  public func create(enableControllers: Bool = true, parentIsReady: Bool = false) throws(CgroupError) {
    try validate()
    if parentIsReady, (try? ControlFile.createDirectory(directory)) != nil { return }
    var made: [String] = []
    do throws(SystemCallError) {
      var directory = mountPoint
      for component in components {
        if enableControllers { try handDownControllers(in: directory) }
        directory += "/" + component
        if try ControlFile.createDirectory(directory) { made.append(directory) }
      }
    } catch {
      for directory in made.reversed() { try? ControlFile.removeDirectory(directory) }
      throw CgroupError(.system, "create cgroup \(path)", cause: error)
    }
  }

  /// A directory descriptor, for CLONE_INTO_CGROUP.
  public func open() throws(CgroupError) -> SharedDescriptor {
    try validate()
    do { return try ControlFile.openDirectory(directory) } catch {
      throw CgroupError(error.code == ENOENT ? .notFound : .system, "open cgroup \(path)", cause: error)
    }
  }

  /// Process ids, as this process's pid namespace sees them; those it cannot see are left out.
  /// Empty when the cgroup does not exist.
  public func processes(recursive: Bool) throws(CgroupError) -> [Int32] {
    try validate()
    return try attempt("list the processes of cgroup \(path)") { () throws(SystemCallError) in
      try Self.processes(in: directory, recursive: recursive)
    }
  }

  /// `populated` of cgroup.events: whether a process lives here or below. False when the cgroup does not exist.
  public var isPopulated: Bool {
    get throws(CgroupError) {
      try validate()
      do { return FlatKeys(try readFile(file("cgroup.events")))["populated"] == 1 } catch  where error.isGone {
        return false
      } catch {
        throw CgroupError(.system, "read the state of cgroup \(path)", cause: error)
      }
    }
  }

  func validate() throws(CgroupError) {
    if components.contains("..") || components.contains(where: { $0.utf8.contains(0) || $0.contains("\n") }) {
      throw CgroupError(.invalidArgument, "cgroup path \(path) leaves the cgroup hierarchy or has a control character")
    }
  }

  private func handDownControllers(in directory: String) throws(SystemCallError) {
    if usable.isEmpty { return }
    let enabled = Controller.list((try? readFile("\(directory)/cgroup.subtree_control")) ?? "")
    let available = Controller.list((try? readFile("\(directory)/cgroup.controllers")) ?? "")
    let wanted = Controller.allCases.filter { usable.contains($0) && available.contains($0) && !enabled.contains($0) }
    if wanted.isEmpty { return }
    let control = "\(directory)/cgroup.subtree_control"
    do {
      try ControlFile.write(control, wanted.map { "+\($0)" }.joined(separator: " "))
    } catch {
      // All or nothing: so one by one, and without those this cgroup cannot hand down (it has processes, or is threaded).
      for controller in wanted {
        do { try ControlFile.write(control, "+\(controller)") } catch  where [EBUSY, ENOENT, EOPNOTSUPP].contains(error.code) {
          continue
        }
      }
    }
  }

  static func processes(in directory: String, recursive: Bool) throws(SystemCallError) -> [Int32] {
    var result: [Int32] = []
    do {
      result = try readFile("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
    } catch  where error.isGone || error.code == EOPNOTSUPP {
      // Removed meanwhile, or threaded: its processes are listed in an ancestor.
    }
    if recursive {
      for name in try ControlFile.subdirectories(of: directory) {
        result += try processes(in: "\(directory)/\(name)", recursive: true)
      }
    }
    return result
  }
}

extension SystemCallError {
  /// The cgroup is not there, or was removed while its file was open.
  var isGone: Bool { code == ENOENT || code == ENODEV }
}
