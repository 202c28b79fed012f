import LinuxRuntime
import Testing

@Suite("Which sysctls a pod may set") struct SysctlPolicyTests {
  private static let own = SysctlPolicy(ownNetwork: true, ownIPC: true, ownUTS: true)
  private static let none = SysctlPolicy(ownNetwork: false, ownIPC: false, ownUTS: false)

  @Test(
    "what belongs to a namespace of the pod may be set, what belongs to the node's may not",
    arguments: [
      "net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/forwarding", "net.ipv4.conf.eth0/1.forwarding", "kernel.sem", "kernel.shmmax",
      "kernel.shm_rmid_forced", "kernel.msgmnb", "fs.mqueue.msg_max", "kernel.hostname", "kernel.domainname",
    ])
  func namespaced(_ name: String) throws {
    #expect(Self.own.refusal(of: name) == nil)
    let reason = try #require(Self.none.refusal(of: name))
    #expect(reason.contains(name) && reason.contains("namespace of the pod's own"))
  }

  @Test(
    "what belongs to no namespace is refused whatever the pod has",
    arguments: [
      "kernel.core_pattern", "kernel.modprobe", "vm.stat_interval", "fs.file-max", "fs.mqueue", "fs.inotify.max_user_watches",
      "kernel.semi",
      "kernel.shm/../core_pattern", "kernel/core_pattern", "debug.exception-trace", "user.max_user_namespaces",
      "kernel.keys.maxkeys",
      "kernel.random.boot_id", "dev.tty.ldisc_autoload", "netty.x", "kernel.pid_max", "kernel.ns_last_pid", "abi.vsyscall32",
    ])
  func unnamespaced(_ name: String) { #expect(Self.own.refusal(of: name) != nil) }

  @Test(
    "names that lead elsewhere are refused",
    arguments: [
      "net/../kernel/core_pattern", "net..ipv4", "/net/ipv4/ip_forward", "net/ipv4/../../kernel/modprobe", "net", "", ".", "net.",
      "net/ipv4/./ip_forward", "net.ipv4.conf.//.kernel",
    ])
  func traversal(_ name: String) { #expect(Self.own.refusal(of: name) != nil) }
}
