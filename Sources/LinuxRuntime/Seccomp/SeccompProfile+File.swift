import FoundationEssentials
import LinuxSystem
public import OCISpec

extension SeccompProfile {
  /// Larger files are refused; the usual ones have 20 KB.
  private static let fileLimit = 1 << 20

  /// A profile file: a plain OCI seccomp object, or Docker's format with `archMap`, `includes` and `excludes`.
  /// - Throws: `.seccomp`; the message names the file and the JSON path.
  public static func load(_ path: String, capabilities: [String]) throws(LinuxRuntimeError) -> SeccompSpec {
    let text: String
    do {
      text = try readFile(path, limit: fileLimit + 1)
    } catch {
      throw LinuxRuntimeError(.seccomp, "cannot read the seccomp profile \(path)", cause: error)
    }
    guard text.utf8.count <= fileLimit else { throw LinuxRuntimeError(.seccomp, "seccomp profile \(path) is larger than 1 MiB") }
    return try parse(text, name: path, host: Host(capabilities: capabilities, kernel: Host.runningKernel()))
  }

  /// What a profile's conditions are about.
  struct Host: Sendable {
    var capabilities: [String]
    /// Go's name: `amd64`.
    var machine = SeccompProfile.machine
    var kernel: KernelVersion
    static func runningKernel() -> KernelVersion {
      let release = (try? readFile("/proc/sys/kernel/osrelease", limit: 256)) ?? ""
      return KernelVersion(String(release.prefix { !$0.isWhitespace })) ?? KernelVersion(major: 0, minor: 0)
    }
  }

  struct KernelVersion: Comparable {
    var major: Int
    var minor: Int
    init(major: Int, minor: Int) {
      self.major = major
      self.minor = minor
    }
    /// `4.8`, `6.1.0-13-amd64`.
    init?(_ text: String) {
      let parts = text.split(separator: ".", maxSplits: 2)
      guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix(while: \.isNumber)) else { return nil }
      self.init(major: major, minor: minor)
    }
    static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
  }

  static func parse(_ text: String, name: String, host: Host) throws(LinuxRuntimeError) -> SeccompSpec {
    let file: SeccompFile
    do {
      file = try JSONDecoder().decode(SeccompFile.self, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw fault(name, error)
    } catch {
      throw LinuxRuntimeError(.seccomp, "seccomp profile \(name)", cause: error)
    }
    func fail(_ path: String, _ problem: String) -> LinuxRuntimeError {
      LinuxRuntimeError(.seccomp, "seccomp profile \(name), \(path): \(problem)")
    }
    if !(file.architectures ?? []).isEmpty, !(file.archMap ?? []).isEmpty {
      throw fail("archMap", "'architectures' is given as well; use either")
    }
    var spec = SeccompSpec(
      defaultAction: file.defaultAction, defaultErrnoRet: file.defaultErrnoRet, architectures: file.architectures, flags: file.flags
    )
    if let entry = file.archMap?.first(where: { $0.architecture == architectures.first }) {
      spec.architectures = [entry.architecture] + (entry.subArchitectures ?? [])
    }
    var rules: [SeccompSpec.Syscall] = []
    for (index, rule) in (file.syscalls ?? []).enumerated() {
      let path = "syscalls[\(index)]"
      if rule.name != nil, rule.names != nil { throw fail(path, "both 'name' and 'names' are given") }
      let names = rule.names ?? rule.name.map { [$0] } ?? []
      let made = SeccompSpec.Syscall(names: names, action: rule.action, errnoRet: rule.errnoRet, args: rule.args)
      // The whole file is checked, also what does not apply to this container: its author should hear of it now.
      if let (inner, problem) = SeccompVocabulary.complaint(SeccompSpec(defaultAction: allow, syscalls: [made])) {
        throw fail(path + inner.dropFirst("syscalls[0]".count), problem)
      }
      for (word, condition) in [("includes", rule.includes), ("excludes", rule.excludes)] {
        if let version = condition?.minKernel, !version.isEmpty, KernelVersion(version) == nil {
          throw fail("\(path).\(word).minKernel", "'\(version)' is not a kernel version")
        }
      }
      if rule.includes?.holds(host, all: true) ?? true, !(rule.excludes?.holds(host, all: false) ?? false) { rules.append(made) }
    }
    spec.syscalls = rules
    if let (path, problem) = SeccompVocabulary.complaint(
      SeccompSpec(
        defaultAction: spec.defaultAction, defaultErrnoRet: spec.defaultErrnoRet, architectures: spec.architectures,
        flags: spec.flags))
    {
      throw fail(path, problem)
    }
    return spec
  }

  private static func fault(_ name: String, _ error: DecodingError) -> LinuxRuntimeError {
    let context: DecodingError.Context
    var missing: (any CodingKey)?
    switch error {
    case .keyNotFound(let key, let found): (missing, context) = (key, found)
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
    @unknown default: return LinuxRuntimeError(.seccomp, "seccomp profile \(name)", cause: error)
    }
    var path = ""
    for key in context.codingPath + (missing.map { [$0] } ?? []) {
      if let index = key.intValue { path += "[\(index)]" } else { path += (path.isEmpty ? "" : ".") + key.stringValue }
    }
    let problem = missing == nil ? context.debugDescription : "is missing"
    return LinuxRuntimeError(.seccomp, "seccomp profile \(name)\(path.isEmpty ? "" : ", " + path): \(problem)")
  }
}

/// Docker's profile format; with none of its own fields it is the OCI's. Source: moby/profiles, seccomp/seccomp.go.
struct SeccompFile: Decodable {
  struct ArchitectureEntry: Decodable {
    var architecture: String
    var subArchitectures: [String]?
  }
  struct Condition: Decodable {
    var caps: [String]?
    var arches: [String]?
    var minKernel: String?

    /// - Parameter all: `includes` needs every given thing (of arches: any one); `excludes` is satisfied by a single one.
    func holds(_ host: SeccompProfile.Host, all: Bool) -> Bool {
      var answers: [Bool] = []
      if let arches, !arches.isEmpty { answers.append(arches.contains(host.machine)) }
      answers += (caps ?? []).map { host.capabilities.contains($0) }
      if let minKernel, let version = SeccompProfile.KernelVersion(minKernel) { answers.append(host.kernel >= version) }
      return all ? answers.allSatisfy { $0 } : answers.contains(true)
    }
  }
  struct Rule: Decodable {
    var name: String?
    var names: [String]?
    var action: String
    var errnoRet: UInt32?
    var args: [SeccompSpec.Argument]?
    var includes: Condition?
    var excludes: Condition?
  }
  var defaultAction: String
  var defaultErrnoRet: UInt32?
  var architectures: [String]?
  var archMap: [ArchitectureEntry]?
  var flags: [String]?
  var syscalls: [Rule]?
}
