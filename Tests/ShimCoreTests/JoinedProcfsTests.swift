import CLinux
import Testing

@testable import ShimCore

@Suite("The procfs of a pid namespace, for those who join it") struct JoinedProcfsTests {
  private func process(_ flags: UInt32) -> ManagedProcess {
    var request = SpawnRequest(id: "c", program: [])
    request.cloneFlags = UInt64(flags)
    return ManagedProcess(request, pid: 1, pidfd: Descriptor(adopting: cl_dup_descriptor(0)), cgroup: nil)
  }

  @Test("one that was lost is an error: podshim's own, which shows the host, does not take its place")
  func lost() throws {
    #expect(throws: CallError.self) { try process(Namespace.pid).mountProcfs() }
  }

  @Test("a process in podshim's own pid namespace needs none")
  func none() throws {
    #expect(try process(0).mountProcfs().isEmpty)
  }
}
