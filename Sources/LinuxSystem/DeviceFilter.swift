import CLinux
import Synchronization

/// bpf(2) programs that decide which devices the processes of a cgroup may open. Source: cgroup-v2.rst, "Device controller".
public enum DeviceFilter {
  /// Nearly every container has the same rules: the kernel verifies and compiles them once.
  private static let programs = Mutex<[[UInt64]: SharedDescriptor]>([:])
  private static let capacity = 32

  private static func loaded(_ instructions: [UInt64], _ name: String) throws(SystemCallError) -> SharedDescriptor {
    if let known = programs.withLock({ $0[instructions] }) { return known }
    let program = SharedDescriptor(
      OwnedDescriptor(
        adopting: try kernelCall("bpf(BPF_PROG_LOAD)", on: name) {
          unsafe cl_bpf_load_cgroup_device(instructions, UInt32(instructions.count))
        }))
    programs.withLock { programs in
      if programs.count >= capacity { programs.removeAll() }
      programs[instructions] = program
    }
    return program
  }

  /// Loads a program (struct bpf_insn, 8 bytes each) and attaches it to a cgroup directory, beside what is attached there and above:
  /// every one of them must allow an access. It stays until the cgroup is removed.
  public static func attach(_ instructions: [UInt64], to cgroup: SharedDescriptor, name: String) throws(SystemCallError) {
    let program = try loaded(instructions, name)
    _ = try program.withRaw { program throws(SystemCallError) in
      try cgroup.withRaw { cgroup throws(SystemCallError) in
        try kernelCall("bpf(BPF_PROG_ATTACH)", on: name) { cl_bpf_attach(cgroup, program) }
      }
    }
  }
}
