import Foundation
import Glibc
import LinuxRuntime
import LinuxSystem
import OCISpec
import RuntimeAPI
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Devices of a container") struct DevicesTests {
  @Test("a privileged one has the node's, and no link: /dev/stdout leads to what is the agent's own")
  func privileged() throws {
    let found = try Devices.resolve([], privileged: true)
    let (devices, rules) = (found.specs, found.rules)
    let paths = devices.map(\.path)
    #expect(Set(paths).count == paths.count)
    #expect(Set(DefaultSpec.devices.map(\.path)).isSubset(of: paths))
    for link in ["/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd", "/dev/ptmx", "/dev/console"] {
      #expect(!paths.contains { $0 == link || $0.hasPrefix(link + "/") }, "\(link)")
    }
    #expect(!paths.contains { $0.hasPrefix("/dev/pts/") || $0.hasPrefix("/dev/shm/") })
    #expect(rules == [ResourcesSpec.DeviceRule(allow: true, access: "rwm")])
  }

  @Test("one that is asked for is the host's node at the place it is asked for, with the access asked for")
  func node() throws {
    let found = try Devices.resolve(
      [Device(containerPath: "/dev/mine", hostPath: "/dev/zero", permissions: "r")], privileged: false)
    let (devices, rules) = (found.specs, found.rules)
    #expect(found.nodes == [Mount(containerPath: "/dev/mine", hostPath: "/dev/zero")])
    let device = try #require(devices.last)
    #expect(device.path == "/dev/mine" && device.type == "c" && device.major == 1 && device.minor == 5)
    #expect(devices.dropLast().map(\.path) == DefaultSpec.devices.map(\.path))
    #expect(rules.last == ResourcesSpec.DeviceRule(allow: true, type: "c", major: 1, minor: 5, access: "r"))
    #expect(Array(rules.dropLast()) == DefaultSpec.deviceRules)
  }

  @Test(
    "a directory is all devices in it, and no link, which may lead in a circle", .enabled(if: geteuid() == 0, "needs CAP_MKNOD"))
  func directory() throws {
    try ScratchDirectory.with { scratch in
      try scratch.makeDirectory("deep")
      try #require(unsafe mknod(scratch["deep/null"], S_IFCHR | 0o600, dev_t(1 << 8 | 3)) == 0)
      for (name, target) in [("link", "/dev/zero"), ("a", "."), ("b", "."), ("deep/c", "..")] {
        #expect(unsafe symlink(target, scratch[name]) == 0)
      }
      try scratch.write("file", "no device")
      let devices = try Devices.resolve([Device(containerPath: "/dev/all", hostPath: scratch.path)], privileged: false).specs
      #expect(devices.dropFirst(DefaultSpec.devices.count).map(\.path).sorted() == ["/dev/all/deep/null"])
    }
  }

  @Test("what is none is refused by its name", arguments: ["/etc/passwd", "/nothing/there"])
  func refused(_ path: String) {
    #expect(throws: (any Error).self) {
      try Devices.resolve([Device(containerPath: "/dev/x", hostPath: path, permissions: "rwm")], privileged: false)
    }
  }
}
