import ArgumentParser
import Foundation
import KubeModel
import TestSupport
import Testing

@testable import swiftlet

@Suite("The configuration of a runtime alone") struct RuntimeConfigurationTests {
  private static let head = "apiVersion: swiftlet.dev/v1\nkind: RuntimeConfiguration\n"

  private func settings(_ file: String, _ flags: [String] = ["--runtime-only"]) throws -> AgentSettings {
    try ScratchDirectory.with { scratch in
      let path = try scratch.write("runtime.yaml", file)
      let arguments = flags + ["--config", path, "--podshim", "/x/podshim", "--unpacker", "/x/unpacker"]
      let (command, kubelet) = try Swiftlet.parse(arguments).withRuntimeConfiguration(arguments)
      return try command.settings(kubelet)
    }
  }

  private func errors(_ file: String, _ flags: [String] = ["--runtime-only"]) -> String {
    do { _ = try settings(file, flags) } catch { return "\(error)" }
    return ""
  }

  @Test("has every setting of the runtime, and flags go before it") func settings() throws {
    let file =
      Self.head + """
        rootDir: /data
        stateDir: /run/x
        podCIDR: 10.1.0.0/16,fd00:1::/64
        bridge: br9
        preparedNetworks: 0
        unprivilegedPorts: false
        cgroupRoot: /pods
        imagePullProgressDeadline: 7
        streamingAddress: 127.0.0.2
        streamingPort: 12345
        streamingConnectionIdleTimeout: 30m
        oomScoreAdj: -500
        resolvConf: /run/resolv.conf
        stopPodsOnExit: true
        verbosity: 4
        """
    let read = try settings(file)
    #expect(read.rootDirectory == "/data" && read.stateDirectory == "/run/x" && read.criSocket == "/run/x/swiftlet.sock")
    #expect(read.kubelet.podCIDR == "10.1.0.0/16,fd00:1::/64" && read.bridge == "br9" && read.preparedNetworks == 0)
    #expect(!read.unprivilegedPorts && read.kubelet.cgroupRoot == "/pods" && read.pullProgressDeadline == 7 && read.stopPodsOnExit)
    #expect(read.streaming.address == "127.0.0.2" && read.streaming.port == 12345 && read.runtimeOnly)
    #expect(read.kubelet.streamingConnectionIdleTimeout == KubeDuration("30m") && read.kubelet.oomScoreAdj == -500)
    #expect(read.kubelet.resolvConf == "/run/resolv.conf")
    let said = try settings(file, ["--runtime-only", "--root-dir", "/other", "--pod-cidr", "10.2.0.0/16"])
    #expect(said.rootDirectory == "/other" && said.kubelet.podCIDR == "10.2.0.0/16" && said.bridge == "br9")
    let plain = try settings(Self.head + "unprivilegedPorts: true\nstopPodsOnExit: false\n")
    #expect(plain.rootDirectory == "/var/lib/swiftlet" && plain.unprivilegedPorts && !plain.stopPodsOnExit)
  }

  @Test(
    "says in which line what is wrong",
    arguments: [
      ("bridgee: x", "runtime.yaml:3:1: bridgee: unknown field"),
      ("preparedNetworks: many", "3:19: preparedNetworks: expected a number"),
      ("preparedNetworks: 65", "3:19: preparedNetworks: expected a number between 0 and 64"),
      ("unprivilegedPorts: maybe", "3:20: unprivilegedPorts: expected true or false"),
      ("rootDir: [a]", "3:10: rootDir: expected a text"),
      ("podCIDR: 10.1.0.0", "3:10: podCIDR: pod CIDR"), ("streamingConnectionIdleTimeout: soon", "expected a duration"),
      ("rootDir: /a\nrootDir: /b", "given twice"), ("staticPodPath: /m", "staticPodPath: unknown field"), ("a: [", "runtime.yaml:"),
      ("--- \nrootDir: /a", "expected one document"),
    ])
  func places(_ line: String, _ expected: String) {
    let text = errors(Self.head + line + "\n")
    #expect(text.contains(expected), "\(text)")
  }

  @Test("says everything that is wrong at once, and needs its head") func all() {
    let text = errors("apiVersion: v1\nkind: RuntimeConfiguration\nx: 1\ny: 2\n")
    #expect(text.split(separator: "\n").count == 3 && text.contains("apiVersion: expected swiftlet.dev/v1"), "\(text)")
    #expect(errors("rootDir: /a\n", ["--runtime-only"]).isEmpty)
    #expect(errors("", ["--runtime-only"]).contains("expected a mapping"))
  }

  @Test("goes with --runtime-only alone; a kubelet's file goes with both") func kinds() throws {
    #expect(errors(Self.head, []).contains("--runtime-only"))
    let kubelet = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\npodCIDR: 10.3.0.0/16\n"
    for flags in [[], ["--runtime-only"]] { #expect(try settings(kubelet, flags).kubelet.podCIDR == "10.3.0.0/16") }
  }

  @Test("that is delivered is right") func delivered() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../packaging/runtime.yaml")
      .path
    _ = try settings(try String(contentsOfFile: path, encoding: .utf8))
  }
}
