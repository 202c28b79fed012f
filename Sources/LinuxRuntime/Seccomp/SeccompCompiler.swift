import CLibSeccomp
import Glibc
import LinuxSystem
public import OCISpec
import Synchronization

/// Compiles seccomp profiles to BPF through libseccomp. Compiling takes some milliseconds; a node uses few different profiles, so
/// results are kept.
public final class SeccompCompiler: Sendable {
  /// What came out of a profile.
  public struct Result: Equatable, Sendable {
    /// 8-byte sock_filter records in the machine's byte order, for seccomp(2).
    public var program: [UInt8]
    /// Flags for seccomp(2).
    public var flags: UInt32
    /// Names neither libseccomp nor Swiftlet knows; they stay under the profile's default action, as in containerd.
    public var skipped: [String]
  }

  private static let capacity = 64
  private let cache = Mutex<[SeccompSpec: Result]>([:])
  /// The last few: equal arrays that are the same array compare at once, while a hash reads some four hundred names.
  private let recent = Mutex<[(spec: SeccompSpec, result: Result)]>([])

  public init() {}

  public func compile(_ spec: SeccompSpec) throws(LinuxRuntimeError) -> [UInt8] { try result(of: spec).program }

  public func result(of spec: SeccompSpec) throws(LinuxRuntimeError) -> Result {
    if let known = recent.withLock({ $0.first { $0.spec == spec } }) { return known.result }
    if let known = cache.withLock({ $0[spec] }) {
      remember(spec, known)
      return known
    }
    // Outside the lock: two at once do the same work twice, which is harmless.
    let result = try Self.make(spec)
    cache.withLock { entries in
      if entries.count >= Self.capacity { entries.removeAll() }
      entries[spec] = result
    }
    remember(spec, result)
    return result
  }

  private func remember(_ spec: SeccompSpec, _ result: Result) {
    recent.withLock { entries in
      if entries.count >= 4 { entries.removeFirst() }
      entries.append((spec, result))
    }
  }

  private static func make(_ spec: SeccompSpec) throws(LinuxRuntimeError) -> Result {
    if let (path, problem) = SeccompVocabulary.complaint(spec) {
      throw LinuxRuntimeError(.seccomp, "seccomp profile, \(path): \(problem)")
    }
    let (long, architectures, skipped) = try filter(spec, asTree: true)
    // Far beyond what a kernel takes, the time is not spent on it.
    let program = long.count / 8 > 16384 ? long : FilterWriter.shortened(long, architectures: architectures)
    guard program.count / 8 <= 4096 else {
      throw LinuxRuntimeError(.seccomp, "seccomp profile: \(program.count / 8) instructions are more than the kernel's 4096")
    }
    let flags = (spec.flags ?? []).reduce(UInt32(0)) { $0 | (SeccompVocabulary.flags[$1] ?? 0) }
    return Result(program: program, flags: flags, skipped: skipped)
  }

  /// What libseccomp makes of a profile.
  /// - Parameter asTree: numbers are searched in a binary tree instead of one by one: `FilterWriter` follows the program for every number.
  static func filter(
    _ spec: SeccompSpec, asTree: Bool
  ) throws(LinuxRuntimeError) -> (program: [UInt8], architectures: [UInt32], skipped: [String]) {
    guard let normal = SeccompVocabulary.action(spec.defaultAction, errno: spec.defaultErrnoRet),
      let filter = unsafe seccomp_init(normal)
    else { throw LinuxRuntimeError(.seccomp, "libseccomp refuses the default action \(spec.defaultAction)") }
    defer { unsafe seccomp_release(filter) }
    // A library that has no trees (before 2.5) makes the list, which says the same.
    if asTree { _ = unsafe seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) }

    var architectures = [seccomp_arch_native()]
    for name in spec.architectures ?? [] {
      let token = unsafe seccomp_arch_resolve_name(SeccompVocabulary.architecture(name) ?? "")
      guard token != 0 else {
        throw LinuxRuntimeError(.seccomp, "seccomp profile: libseccomp does not know the architecture \(name)")
      }
      let added = unsafe seccomp_arch_add(filter, token)
      guard added == 0 || added == -EEXIST else { throw failure("seccomp_arch_add", name, added) }
      if !architectures.contains(token) { architectures.append(token) }
    }

    var newCalls = NewSystemCalls(architectures: architectures)
    var socketCall = SocketCall()
    for rule in spec.syscalls ?? [] {
      guard let action = SeccompVocabulary.action(rule.action, errno: rule.errnoRet) else { continue }
      let conditions = conditions(rule.args ?? [])
      for name in rule.names {
        let number = unsafe seccomp_syscall_resolve_name(name)
        if number == -1 {  // __NR_SCMP_ERROR
          newCalls.add(unknown: name, action: action, conditional: !conditions.isEmpty)
          continue
        }
        newCalls.note(name)
        socketCall.note(name, action: action, normal: normal, conditional: !conditions.isEmpty)
        // libseccomp refuses rules that say what the default says.
        if action == normal { continue }
        for condition in conditions.isEmpty ? [[]] : conditions {
          let added = unsafe condition.withUnsafeBufferPointer { arguments in
            unsafe seccomp_rule_add_array(filter, action, number, UInt32(arguments.count), arguments.baseAddress)
          }
          guard added == 0 || added == -EEXIST else { throw failure("seccomp_rule_add", name, added) }
        }
      }
    }
    let program = try export { descriptor in unsafe seccomp_export_bpf(filter, descriptor) }
    let prefix = newCalls.prefix(defaultAction: normal) + socketCall.prefix(defaultAction: normal, architectures: architectures)
    // x32 shares the AUDIT_ARCH number of x86-64.
    let audited = architectures.filter { $0 != UInt32(SCMP_ARCH_X32) }
    return (prefix + program, audited, newCalls.skipped)
  }

  /// One list of comparisons per rule. Comparisons of different arguments must all hold; of the same argument, libseccomp accepts
  /// only one per rule, and profiles mean "any of these" (as runc reads them).
  private static func conditions(_ arguments: [SeccompSpec.Argument]) -> [[scmp_arg_cmp]] {
    let comparisons = arguments.map { argument in
      scmp_arg_cmp(
        arg: argument.index, op: scmp_compare(rawValue: SeccompVocabulary.comparisons[argument.op] ?? 0), datum_a: argument.value,
        datum_b: argument.valueTwo ?? 0)
    }
    if comparisons.isEmpty { return [] }
    return Set(arguments.map(\.index)).count == arguments.count ? [comparisons] : comparisons.map { [$0] }
  }

  /// libseccomp before 2.6 writes programs to a descriptor only.
  private static func export(_ write: (CInt) -> CInt) throws(LinuxRuntimeError) -> [UInt8] {
    do throws(SystemCallError) {
      let file = try memoryFile("seccomp")
      let written = file.withRaw { raw in write(raw) }
      guard written == 0 else { throw SystemCallError(call: "seccomp_export_bpf", subject: "profile", code: -written) }
      return try file.withRaw { raw throws(SystemCallError) -> [UInt8] in
        let size = Int(try systemCall("lseek", on: "seccomp") { lseek(raw, 0, SEEK_END) })
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try systemCall("pread", on: "seccomp") { unsafe pread(raw, &bytes, size, 0) }
        return Array(bytes.prefix(count))
      }
    } catch {
      throw LinuxRuntimeError(.seccomp, "cannot compile the seccomp profile", cause: error)
    }
  }

  private static func failure(_ call: String, _ subject: String, _ result: CInt) -> LinuxRuntimeError {
    LinuxRuntimeError(
      .seccomp, "cannot compile the seccomp profile", cause: SystemCallError(call: call, subject: subject, code: -result))
  }
}
