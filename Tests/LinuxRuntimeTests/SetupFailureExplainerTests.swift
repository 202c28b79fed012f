import LinuxRuntime
import ShimCore
import Testing

@Suite("A failed set-up, explained") struct SetupFailureExplainerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var operation: SetupOperation?
    var call: String
    var errno: Int32
    var detail: String
    var expected: [String]
    init(_ operation: SetupOperation?, _ call: String, _ errno: Int32, _ detail: String, _ expected: String...) {
      (self.operation, self.call, self.errno, self.detail, self.expected) = (operation, call, errno, detail, expected)
    }
    var testDescription: String { "\(call) errno \(errno) \(detail)" }

    func sentence() -> String {
      // In second place, with a noexec volume, a user and one more operation after it.
      let program: [SetupOperation] =
        [
          .bind(BindMount(source: "/host/tools", target: "/tools", attributesSet: 8)),
          .bind(BindMount(source: "/host/bin", target: "/tools/bin")), .userID(1000),
        ] + (operation.map { [$0] } ?? []) + [.pause]
      return SetupFailureExplainer.sentence(
        failure: SetupFailure(operation: operation == nil ? .max : 3, call: call, errno: errno, detail: detail), program: program,
        command: ["server", "--port", "80"])
    }
  }

  static func run(_ candidates: String...) -> SetupOperation {
    .execute(candidates: candidates, arguments: [candidates.count == 1 ? candidates[0] : "server"], environment: [])
  }
  static let volume = SetupOperation.bind(BindMount(source: "/srv/data", target: "/data"))
  static let part = SetupOperation.bind(BindMount(source: "/srv/data", subPath: "logs", target: "/data"))

  @Test(
    "a program that cannot be run",
    arguments: [
      Case(
        run("/bin/server", "/usr/bin/server"), "execve", 2, "/bin/server", "cannot run 'server': No such file or directory",
        "(execve, errno 2)", "executable file not found in $PATH (/bin:/usr/bin)"),
      Case(run("/app/server"), "execve", 2, "/app/server", "cannot run '/app/server'", "no such file in the image"),
      Case(
        run("/app/server"), "execve", 2, "elf:/lib64/ld-linux-x86-64.so.2", "cannot run '/app/server'",
        "ELF interpreter '/lib64/ld-linux-x86-64.so.2'", "another C library or architecture"),
      Case(
        run("/app/run.sh"), "execve", 2, "shebang:/bin/bash",
        "the interpreter '/bin/bash' named in its first line is not in the image"),
      Case(run("/app/run.sh"), "execve", 2, "shebang:/bin/sh\r", "'/bin/sh\\r'", "CRLF"),
      Case(run("/app/server"), "execve", 13, "/app/server", "Permission denied", "user 1000 may not execute", "chmod +x", "noexec"),
      Case(run("/tools/server"), "execve", 13, "/tools/server", "'/tools/server' lies on '/tools', which is mounted noexec"),
      Case(run("/tools/bin/server"), "execve", 13, "/tools/bin/server", "user 1000 may not execute '/tools/bin/server'"),
      Case(run("/toolset/server"), "execve", 13, "/toolset/server", "user 1000 may not execute"),
      Case(run("/a/server", "/b/server"), "execve", 13, "/b/server", "cannot run '/b/server': Permission denied"),
      Case(run("/app/server"), "execve", 8, "/app/server", "Exec format error", "architecture", "#!"),
      Case(run("/app/server"), "execve", 20, "/app/server", "Not a directory", "a part of the path is a file"),
      Case(run("/app/server"), "execve", 7, "/app/server", "Argument list too long", "environment"),
      Case(run("/app/server"), "execve", 26, "/app/server", "Text file busy", "open for writing"),
      Case(run("/app/server"), "execve", 11, "/app/server", "RLIMIT_NPROC"),
      Case(run("/app/server"), "execve", 1, "/app/server", "Operation not permitted", "capabilities"),
    ])
  func execute(_ table: Case) { check(table) }

  @Test(
    "a mount that cannot be made",
    arguments: [
      Case(
        volume, "open_tree", 2, "/srv/data", "cannot mount the host path '/srv/data' on '/data': No such file or directory",
        "'/srv/data' does not exist on the node"),
      Case(part, "openat2", 2, "/srv/data: logs", "(subPath 'logs')", "'/srv/data' on the node has no 'logs' in it"),
      Case(volume, "mkdirat", 30, "/data", "Read-only file system", "mount point does not exist"),
      Case(volume, "move_mount", 20, "/data", "a directory cannot be mounted on a file nor a file on a directory"),
      Case(volume, "mount_setattr", 1, "/data", "may not be taken off inside a user namespace"),
      Case(volume, "open_tree", 1, "/srv/data", "CAP_SYS_ADMIN"),
      Case(volume, "move_mount", 28, "/data", "fs.mount-max"),
      Case(
        .overlayRoot(layers: ["/l/1", "/l/2"], upper: "/u", work: "/w", at: "/m"), "fsconfig", 2, "lowerdir+=/l/2",
        "overlay of 2 image layers, lowerdir+=/l/2", "pull it again"),
      Case(.overlayRoot(layers: ["/l/1"], upper: "", work: "", at: "/m"), "fsopen", 19, "overlay", "no overlay file system"),
      Case(
        .overlayRoot(layers: ["/l/1"], upper: "/u", work: "/w", at: "/m"), "fsconfig", 22, "overlay", "too many layers",
        "kernel log"),
      Case(.overlayRoot(layers: ["/l/1"], upper: "/u", work: "/w", at: "/m"), "fsconfig", 16, "overlay", "in use by another mount"),
      Case(
        .overlayRoot(layers: ["/l/1"], upper: "/u", work: "/w", at: "/m"), "move_mount", 2, "/m",
        "directory to mount it on is missing"),
      Case(
        .fileSystem(type: "nfs4", source: "", target: "/mnt", attributes: 0, options: []), "fsopen", 19, "nfs4",
        "cannot mount nfs4 on '/mnt': No such device", "no file system of type 'nfs4'"),
      Case(
        .fileSystem(type: "tmpfs", source: "", target: "/mnt", attributes: 0, options: ["size=lots"]), "fsconfig", 22, "size=lots",
        "does not take the option 'size=lots'"),
      Case(
        .fileSystem(type: "proc", source: "proc", target: "/proc", attributes: 0, options: []), "openat2", 40, "/proc",
        "CVE-2019-16884"),
      Case(.makeDirectory(path: "/work", mode: 0o755), "mkdirat", 30, "/work", "make the directory '/work'", "read-only"),
      Case(
        .makeNode(path: "/dev/null", mode: 0, major: 1, minor: 3, uid: 0, gid: 0), "mknodat", 1, "/dev/null", "'/dev/null' (1:3)"),
      Case(
        .mask(path: "/proc/kcore"), "open_tree", 1, "blank/null", "hide '/proc/kcore'", "the agent needs CAP_SYS_ADMIN"),
      Case(.bindRoot(source: "/rootfs", at: "/m"), "open_tree", 2, "/rootfs", "there is no directory /rootfs on the node"),
      Case(
        .pivotRoot, "pivot_root", 22, "",
        "cannot change to the container's root file system: Invalid argument (pivot_root, errno 22)"),
    ])
  func mounts(_ table: Case) { check(table) }

  @Test(
    "a setting the kernel refuses",
    arguments: [
      Case(
        .sysctl(path: "net/ipv4/conf/eth0.1/forwarding", value: "1"), "openat2", 2, "/proc/sys/net/ipv4/conf/eth0.1/forwarding",
        "set the sysctl net.ipv4.conf.eth0/1.forwarding to '1'", "module loaded"),
      Case(.sysctl(path: "kernel/pid_max", value: "x"), "write", 22, "/proc/sys/kernel/pid_max", "does not accept the value 'x'"),
      Case(.sysctl(path: "vm/swappiness", value: "1"), "openat2", 13, "/proc/sys/vm/swappiness", "belongs to the node"),
      Case(.hostname(String(repeating: "h", count: 70)), "sethostname", 22, "", "it has 70 bytes; the kernel takes at most 64"),
      Case(
        .resourceLimit(resource: 7, soft: 10, hard: 20, optional: false), "prlimit64", 1, "7",
        "set RLIMIT_NOFILE to soft 10, hard 20", "CAP_SYS_RESOURCE"),
      Case(
        .oomScoreAdjust(value: -999, optional: false), "write", 13, "oom_score_adj", "set oom_score_adj to -999", "CAP_SYS_RESOURCE"
      ),
      Case(
        .userID(70000), "setresuid", 22, "70000", "cannot change to user 70000: Invalid argument",
        "not mapped in the pod's user namespace"),
      Case(.groupID(5), "setresgid", 1, "5", "change to group 5", "CAP_SETUID and CAP_SETGID"),
      Case(.groups([1, 2]), "setgroups", 1, "", "set the supplementary groups 1, 2"),
      Case(.capabilities(effective: 1, permitted: 1, inheritable: 0), "capset", 1, "", "does not hold a capability"),
      Case(
        .seccomp(flags: 0, program: [UInt8](repeating: 0, count: 80)), "seccomp", 22, "", "seccomp filter (10 instructions)",
        "CONFIG_SECCOMP_FILTER"),
      Case(.seccomp(flags: 0, program: []), "seccomp", 13, "", "no_new_privs"),
      Case(.appArmorProfile("web"), "write", 2, "/proc/5/attr/exec", "AppArmor profile 'web'", "not loaded on this node"),
      Case(.appArmorProfile("web"), "openat2", 2, "/proc/5/attr/exec", "AppArmor is not enabled"),
      Case(
        .changeDirectory(path: "/work", create: false), "chdir", 2, "/work", "enter the working directory '/work'",
        "no such directory in the image"),
      Case(.changeDirectory(path: "/work", create: true), "mkdirat", 20, "/work", "'/work' or a part of it is a file"),
      Case(.changeDirectory(path: "/root", create: true), "fchdir", 13, "/root", "user 1000 may not enter it"),
      Case(
        .changeDirectory(path: "/proc/self/fd/9", create: true), "getcwd", 2, "/proc/self/fd/9 lies outside the container",
        "CVE-2024-21626"),
      Case(.unshare(flags: 0x200_0000), "unshare", 28, "", "make the cgroup namespace", "user.max_*_namespaces"),
      Case(
        .joinNamespaces(slot: 255, flags: 0x2002_0000), "setns", 3, "slot 255", "join the mount, pid namespaces of the pod",
        "has ended"),
      Case(.controllingTerminal, "openat2", 2, "/dev/pts/ptmx", "give the process its terminal", "/dev/pts"),
    ])
  func settings(_ table: Case) { check(table) }

  @Test(
    "podshim itself cannot make the process",
    arguments: [
      Case(nil, "clone3", 11, "", "cannot make the process for 'server': Resource temporarily unavailable", "too many processes"),
      Case(nil, "clone3", 28, "", "limit on namespaces"),
      Case(nil, "clone3", 1, "", "CAP_SYS_ADMIN", "user namespaces may be switched off"),
      Case(nil, "clone3", 12, "", "was the sandbox stopped?"),
      Case(nil, "clone3", 16, "", "controllers enabled"),
      Case(nil, "clone3", 95, "", "domain invalid"),
      Case(nil, "openat", 2, "/var/log/pods/x/0.log", "cannot open the file '/var/log/pods/x/0.log'", "its directory is missing"),
      Case(nil, "openat", 28, "/var/log/pods/x/0.log", "the file system of the container's log is full"),
      Case(nil, "openat", 24, "/var/log/pods/x/0.log", "RLIMIT_NOFILE"),
      Case(nil, "write", 1, "/proc/77/uid_map", "id mappings of the user namespace (/proc/77/uid_map)", "must not overlap"),
      Case(nil, "setns", 3, "pid namespace of abc", "enter the pid namespace of abc", "has ended"),
      Case(nil, "waitid", 10, "the process died in set-up", "memory limit"),
      Case(nil, "pipe2", 24, "", "RLIMIT_NOFILE"),
    ])
  func shim(_ table: Case) { check(table) }

  private func check(_ table: Case) {
    let sentence = table.sentence()
    #expect(sentence.hasPrefix("cannot "))
    #expect(sentence.contains("errno \(table.errno)"))
    #expect(!sentence.contains("\n") && !sentence.unicodeScalars.contains("\r"))
    for part in table.expected { #expect(sentence.contains(part), "\(sentence)") }
  }

  @Test("before the first operation is not blamed on the first operation")
  func preparation() {
    let failure = SetupFailure(operation: 0, call: "fsmount", errno: 1, detail: "proc")
    let sentence = SetupFailureExplainer.sentence(failure: failure, program: [.hostname("a")], command: ["x"])
    #expect(sentence.contains("cannot set up the container (step 0, fsmount proc)"))
    #expect(!sentence.contains("host name"))
  }

  @Test("knows a user namespace from what comes first in its program")
  func userNamespace() {
    let program: [SetupOperation] = [.groupID(0), .userID(0), .pivotRoot, .groups([5]), .groupID(5), .userID(5)]
    let refused = SetupFailure(operation: 3, call: "setgroups", errno: 1, detail: "")
    #expect(SetupFailureExplainer.sentence(failure: refused, program: program, command: []).contains("setgroups may be denied"))
    let mount = SetupFailure(operation: 2, call: "pivot_root", errno: 1, detail: "")
    #expect(SetupFailureExplainer.sentence(failure: mount, program: program, command: []).contains("inside a user namespace"))
  }

  @Test("needs no program and survives strange names")
  func unknownProgram() {
    let failure = SetupFailure(
      operation: 40, call: "move_mount", errno: 22, detail: "/a\nb\u{1B}[31m\u{202E}" + String(repeating: "x", count: 5000))
    let sentence = SetupFailureExplainer.sentence(failure: failure, program: [], command: [])
    #expect(sentence.hasPrefix("cannot set up the container (step 40, move_mount /a\\nb\\u{1b}[31m\\u{202e}xxx"))
    #expect(sentence.utf8.count < 2100)
  }
}
