import ArgumentParser
import Foundation
import KubeModel
import Testing

@testable import swiftlet

@Suite("Settings of the agent") struct SettingsTests {
  /// - Parameter file: lines of the configuration, without its head.
  private func settings(_ arguments: [String] = [], file: String? = nil) throws -> AgentSettings {
    var arguments = arguments + ["--podshim", "/x/podshim", "--unpacker", "/x/unpacker"]
    let path = NSTemporaryDirectory() + "settings-test-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    if let file {
      let head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
      try Data((head + file).utf8).write(to: URL(fileURLWithPath: path))
      arguments += ["--config", path]
    }
    return try Swiftlet.parse(arguments).settings()
  }

  @Test(
    "the read-only port answers pods nowhere but on the loopback address, unless somebody wrote another one",
    arguments: [
      (nil, nil, "127.0.0.1"), ("address: 0.0.0.0", nil, "127.0.0.1"), ("address: 192.0.2.1", nil, "192.0.2.1"),
      ("address: 192.0.2.1", "198.51.100.1", "198.51.100.1"), (nil, "0.0.0.0", "0.0.0.0"),
    ] as [(String?, String?, String)])
  func readOnlyAddress(file: String?, flag: String?, expected: String) throws {
    let settings = try settings(flag.map { ["--address", $0] } ?? [], file: file)
    #expect(settings.readOnlyAddress == expected)
  }

  @Test("a flag goes before the file, and the file before the default") func precedence() throws {
    let file = "podCIDR: 10.1.0.0/16\nhealthzPort: 1\nreadOnlyPort: 2\ncgroupRoot: /a\npodLogsDir: /logs\nstaticPodPath: /m\n"
    let read = try settings(file: file).kubelet
    #expect(read.podCIDR == "10.1.0.0/16" && read.healthzPort == 1 && read.readOnlyPort == 2 && read.cgroupRoot == "/a")
    #expect(read.podLogsDir == "/logs" && read.staticPodPath == "/m")
    let flags = [
      "--pod-cidr", "10.2.0.0/16", "--healthz-port", "3", "--read-only-port", "4", "--cgroup-root", "/b", "--pod-logs-dir", "/l",
      "--pod-manifest-path", "/n",
    ]
    let said = try settings(flags, file: file).kubelet
    #expect(said.podCIDR == "10.2.0.0/16" && said.healthzPort == 3 && said.readOnlyPort == 4 && said.cgroupRoot == "/b")
    #expect(said.podLogsDir == "/l" && said.staticPodPath == "/n")
    let plain = try settings()
    #expect(plain.kubelet.podCIDR == "10.88.0.0/16" && plain.kubelet.staticPodPath == "/etc/kubernetes/manifests")
    #expect(plain.rootDirectory == "/var/lib/swiftlet" && plain.criSocket == "/run/swiftlet/swiftlet.sock")
    #expect(plain.imageDirectory == "/var/lib/swiftlet/images" && plain.unprivilegedPorts && !plain.stopPodsOnExit)
  }

  @Test("paths are absolute, whatever is written") func paths() throws {
    let settings = try settings(["--root-dir", "/a/./b/../c", "--state-dir", "rel"])
    #expect(settings.rootDirectory == "/a/c" && settings.stateDirectory.hasPrefix("/") && settings.stateDirectory.hasSuffix("/rel"))
    #expect(settings.imageDirectory == "/a/c/images" && settings.criSocket == settings.stateDirectory + "/swiftlet.sock")
  }

  @Test("another runtime needs no programs of this one") func endpoint() throws {
    let settings = try Swiftlet.parse(["--container-runtime-endpoint", "unix:///run/x.sock"]).settings()
    #expect(settings.podshimPath.isEmpty && settings.unpackerPath.isEmpty && settings.runtimeEndpoint == "unix:///run/x.sock")
  }

  @Test("a group of the socket needs a place that its members reach, and must be one") func socketGroup() throws {
    #expect(throws: (any Error).self) { try settings(["--cri-socket-group", "0"]) }
    #expect(throws: (any Error).self) { try settings(["--cri-socket", "/run/x.sock", "--cri-socket-group", "no-such-group-here"]) }
    #expect(try settings(["--cri-socket", "/run/x.sock", "--cri-socket-group", "4711"]).criSocketGroup == 4711)
  }
}
