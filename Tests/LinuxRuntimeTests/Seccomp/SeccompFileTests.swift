import Foundation
import OCISpec
import Testing

@testable import LinuxRuntime

@Suite("A seccomp profile file") struct SeccompFileTests {
  private func parse(_ text: String, capabilities: [String] = [], machine: String = "amd64", kernel: String = "6.1") throws
    -> SeccompSpec
  {
    let version = try #require(SeccompProfile.KernelVersion(kernel))
    return try SeccompProfile.parse(
      text, name: "p.json", host: .init(capabilities: capabilities, machine: machine, kernel: version))
  }

  @Test("may be a plain OCI object; fields nobody knows are ignored")
  func plain() throws {
    let spec = try parse(
      """
      {"defaultAction": "SCMP_ACT_ALLOW", "comment": "x", "architectures": ["SCMP_ARCH_X86_64"],
       "syscalls": [{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 30},
                    {"name": "clone", "action": "SCMP_ACT_LOG",
                     "args": [{"index": 0, "value": 2114060288, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}]}
      """)
    #expect(
      spec
        == SeccompSpec(
          defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
          syscalls: [
            .init(names: ["chmod", "fchmodat"], action: "SCMP_ACT_ERRNO", errnoRet: 30),
            .init(
              names: ["clone"], action: "SCMP_ACT_LOG",
              args: [.init(index: 0, value: 2_114_060_288, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ")]),
          ]))
  }

  static let conditional = """
    {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
     "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
                 {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
     "syscalls": [
       {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
       {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
       {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
       {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
       {"names": ["kcmp"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]}},
       {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390x"]}}
     ]}
    """

  @Test(
    "keeps the rules whose conditions hold here",
    arguments: [
      ([String](), "amd64", "6.1", ["read", "ptrace", "arch_prctl", "clone3"]),
      ([], "amd64", "4.7.9-generic", ["read", "arch_prctl", "clone3"]),
      ([], "arm64", "4.19", ["read", "ptrace", "clone3"]),
      ([], "s390x", "6.1", ["read", "ptrace"]),
      (["CAP_SYS_ADMIN"], "amd64", "6.1", ["read", "ptrace", "arch_prctl", "mount"]),
      (["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"], "amd64", "6.1", ["read", "ptrace", "arch_prctl", "mount", "kcmp"]),
    ])
  func conditions(_ capabilities: [String], _ machine: String, _ kernel: String, _ names: [String]) throws {
    let spec = try parse(Self.conditional, capabilities: capabilities, machine: machine, kernel: kernel)
    #expect(spec.syscalls?.flatMap(\.names) == names)
    #expect(spec.architectures?.first == SeccompProfile.architectures.first)
    #expect(spec.architectures?.count == SeccompProfile.architectures.count)
  }

  @Test(
    "that is wrong is refused with its name and the place in it",
    arguments: [
      ("{", "seccomp profile p.json: "),
      ("[]", "seccomp profile p.json: "),
      ("{}", "seccomp profile p.json, defaultAction: is missing"),
      (#"{"defaultAction": 1}"#, "seccomp profile p.json, defaultAction: "),
      (#"{"defaultAction": "ALLOW"}"#, "seccomp profile p.json, defaultAction: 'ALLOW' is not an action"),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG"}, {"names": ["b"]}]}"#,
        "seccomp profile p.json, syscalls[1].action: is missing"
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": "5", "op": ""}]}]}"#,
        "seccomp profile p.json, syscalls[0].args[0].value: "
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 5, "op": "EQ"}]}]}"#,
        "seccomp profile p.json, syscalls[0].args[0].op: 'EQ' is not a comparison"
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "DENY", "includes": {"arches": ["vax"]}}]}"#,
        "seccomp profile p.json, syscalls[0].action: 'DENY' is not an action"
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_LOG"}]}"#,
        "syscalls[0].names: no system call is named"
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "names": ["b"], "action": "SCMP_ACT_LOG"}]}"#,
        "syscalls[0]: both 'name' and 'names'"
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "action": "SCMP_ACT_LOG", "excludes": {"minKernel": "new"}}]}"#,
        "syscalls[0].excludes.minKernel: 'new' is not a kernel version"
      ),
      (
        #"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86"}]}"#,
        "archMap: 'architectures' is given as well"
      ),
      (#"{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_FAST"]}"#, "flags[0]: "),
    ])
  func wrong(_ text: String, _ message: String) {
    let error = #expect(throws: LinuxRuntimeError.self) { try parse(text) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test("that is missing is an error naming the path")
  func missing() {
    let error = #expect(throws: LinuxRuntimeError.self) {
      try SeccompProfile.load("/nonexistent/profile.json", capabilities: [])
    }
    #expect(error?.message == "cannot read the seccomp profile /nonexistent/profile.json")
    #expect(error?.cause?.contains("No such file or directory") == true)
  }

  @Test("is read from disk and compiles")
  func load() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("seccomp-\(UUID().uuidString).json").path
    try Self.conditional.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let spec = try SeccompProfile.load(path, capabilities: ["CAP_SYS_ADMIN"])
    #expect(spec.syscalls?.contains { $0.names == ["mount"] } == true)
    #expect(try !SeccompCompiler().compile(spec).isEmpty)
  }
}
