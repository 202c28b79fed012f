import Foundation
import TestSupport
import Testing

@testable import Cgroups

@Suite("Limits of a real cgroup", .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5))) struct LimitTests {
  /// Exit code of a script in the cgroup.
  private func status(_ script: String, in cgroup: Cgroup) throws -> Int32 {
    let process = try TestCgroup.shell("{ \(script); } 2>/dev/null", in: cgroup)
    process.waitForEnd()
    return process.terminationStatus
  }

  @Test("Device rules let through exactly what they allow")
  func devices() throws {
    try TestCgroup.with { root, scratch in
      let read = "head -c 1 /dev/zero > /dev/null"
      #expect(try status(read, in: scratch) == 0)
      let cgroup = root.cgroup(scratch.path + "/restricted")
      try cgroup.create(enableControllers: false)
      let rules = [
        DeviceRule(allow: false), DeviceRule(allow: true, type: "c", access: "m"),
        DeviceRule(allow: true, type: "c", major: 1, minor: 3), DeviceRule(allow: true, type: "c", major: 1, minor: 5, access: "r"),
      ]
      try cgroup.apply(CgroupResources(deviceRules: rules), available: [])
      #expect(try status("echo x > /dev/null", in: cgroup) == 0)
      #expect(try status(read, in: cgroup) == 0)
      #expect(try status("echo x > /dev/zero", in: cgroup) != 0)
      #expect(try status("head -c 1 /dev/urandom", in: cgroup) != 0)
      // A program of the parent holds for the children too.
      let child = root.cgroup(cgroup.path + "/child")
      try child.create(enableControllers: false)
      #expect(try status("head -c 1 /dev/urandom", in: child) != 0)
      #expect(try status("head -c 1 /dev/urandom > /dev/null", in: scratch) == 0)
    }
  }

  @Test("Rules that allow everything change nothing")
  func allDevices() throws {
    try TestCgroup.with { _, scratch in
      try scratch.apply(CgroupResources(deviceRules: [DeviceRule(allow: true)]), available: [])
      #expect(try status("head -c 1 /dev/urandom > /dev/null", in: scratch) == 0)
    }
  }

  @Test("Many rules make a program the kernel still takes")
  func manyDevices() throws {
    try TestCgroup.with { _, scratch in
      let rules = (0..<300).map { DeviceRule(allow: $0 % 2 == 0, type: "c", major: 200 + Int64($0), access: "rw") }
      try scratch.apply(CgroupResources(deviceRules: rules + [DeviceRule(allow: true, major: 1, minor: 3)]), available: [])
      #expect(try status("echo x > /dev/null", in: scratch) == 0)
    }
  }

  @Test("Every usable controller reaches the leaf, and takes a limit")
  func limits() throws {
    try TestCgroup.with { root, scratch in
      let leaf = root.cgroup(scratch.path + "/leaf")
      try leaf.create()
      let there = Controller.list(try String(contentsOfFile: leaf.directory + "/cgroup.controllers", encoding: .utf8))
      #expect(there.isSuperset(of: root.controllers))
      var resources = CgroupResources(cpuShares: 1024)
      var expected: [String: String] = [:]
      if root.controllers.contains(.hugetlb), FileManager.default.fileExists(atPath: leaf.directory + "/hugetlb.2MB.max") {
        resources.hugepageLimits = [.init(pageSize: "2MB", limit: 4 << 20)]
        (expected["hugetlb.2MB.max"], expected["hugetlb.2MB.rsvd.max"]) = ("4194304", "4194304")
      }
      if root.controllers.contains(.cpu) {
        (resources.cpuQuota, resources.cpuPeriod) = (50000, 100000)
        (expected["cpu.max"], expected["cpu.weight"]) = ("50000 100000", "100")
      }
      if root.controllers.contains(.memory) {
        resources.memoryLimit = 64 << 20
        expected["memory.max"] = "67108864"
      }
      if root.controllers.contains(.pids) {
        resources.pidsLimit = 20
        expected["pids.max"] = "20"
      }
      try leaf.apply(resources, available: root.controllers)
      for (file, value) in expected {
        let text = try String(contentsOfFile: leaf.directory + "/" + file, encoding: .utf8)
        #expect(text.trimmingCharacters(in: .whitespacesAndNewlines) == value, "\(file)")
      }
    }
  }

  @Test("A limit of a controller the node lacks is refused by name")
  func missing() throws {
    try TestCgroup.with { root, scratch in
      let resources = CgroupResources(unified: ["rdma.max": "mlx5_0 hca_handle=2"])
      try #require(!root.controllers.contains(.rdma))
      #expect(root.missing(for: resources) == [.rdma])
      #expect { try scratch.apply(resources, available: root.controllers) } throws: {
        ($0 as? CgroupError)?.code == .unsupported
      }
    }
  }
}
