import OCISpec
import RuntimeAPI
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Devices of the Container Device Interface") struct CDITests {
  private static let gpu = """
    {"cdiVersion": "0.6.0", "kind": "vendor.com/gpu", "future": {"x": 1},
     "containerEdits": {"env": ["DRIVER=yes"], "mounts": [{"hostPath": "/lib/x", "containerPath": "/x", "options": ["ro", "bind"]}]},
     "devices": [
       {"name": "0", "containerEdits": {"env": ["GPU=0"], "additionalGids": [44, 0], "deviceNodes": [{"path": "/dev/zero"}]}},
       {"name": "1", "containerEdits": {"env": ["GPU=1"], "deviceNodes": [
         {"path": "/dev/gpu1", "hostPath": "/dev/null", "permissions": "r", "uid": 7, "fileMode": 384}]}}]}
    """
  private static let nic = """
    # as a vendor's tool writes it
    cdiVersion: 0.5.0
    kind: vendor.com/nic
    devices:
    - name: "0"
      containerEdits:
        env: [NIC=0, "SPEED=0x10"]
        deviceNodes:
        - {path: /dev/nic, type: c, major: 0x1, minor: 5, fileMode: 0640}
    """

  private func edits(_ files: [String: String], _ names: [String], directories: [String] = ["etc", "run"]) throws -> [CDISpec.Edits]
  {
    try ScratchDirectory.with { scratch in
      for (name, text) in files { try scratch.write(name, text) }
      return try CDIDirectories(paths: directories.map { scratch[$0] }).edits(names)
    }
  }

  @Test("names come from the field and from annotations, each once") func names() throws {
    var config = ContainerConfig(metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "i"))
    config.cdiDevices = ["vendor.com/gpu=1", "vendor.com/gpu=0"]
    config.annotations = ["cdi.k8s.io/b": "vendor.com/nic=0, vendor.com/gpu=0", "cdi.k8s.io/a": "vendor.com/x=y", "other": "z"]
    #expect(try CDIDirectories.names(config) == ["vendor.com/gpu=1", "vendor.com/gpu=0", "vendor.com/x=y", "vendor.com/nic=0"])
    for name in ["gpu=0", "vendor.com/gpu", "vendor.com/gpu=", "/gpu=0", "a/b/c=0", ""] {
      config.cdiDevices = [name]
      #expect(throws: RuntimeError.self) { try CDIDirectories.names(config) }
    }
  }

  @Test("what a file says for all its devices is done once, before the first of them, and files may be JSON or YAML") func order()
    throws
  {
    let found = try edits(
      ["etc/gpu.json": Self.gpu, "run/nic.yaml": Self.nic, "etc/README": "{"],
      ["vendor.com/gpu=1", "vendor.com/nic=0", "vendor.com/gpu=0"])
    #expect(found.map { $0.env ?? [] } == [["DRIVER=yes"], ["GPU=1"], ["NIC=0", "SPEED=0x10"], ["GPU=0"]])
    let made = try DeviceEdits(found, user: (1000, 100))
    #expect(made.devices.map(\.path) == ["/dev/gpu1", "/dev/nic", "/dev/zero"])
    #expect(made.devices.map(\.uid) == [7, 1000, 1000] && made.devices.map(\.gid) == [100, 100, 100])
    #expect(made.devices.map(\.major) == [1, 1, 1] && made.devices.map(\.minor) == [3, 5, 5] && made.devices[0].fileMode == 0o600)
    #expect(made.devices[1].fileMode == 0o640)
    #expect(made.rules.map(\.access) == ["r", "rwm", "rwm"] && made.groups == [44])
    #expect(made.nodes.map(\.hostPath) == ["/dev/null", "/dev/nic", "/dev/zero"])
    #expect(made.mounts == [MountSpec(destination: "/x", type: "bind", source: "/lib/x", options: ["ro", "bind"])])
  }

  @Test("a later directory wins, two files of one are a conflict, and what nobody has is named with where it was looked for")
  func missing() throws {
    let other = Self.gpu.replacing("GPU=0", with: "GPU=other")
    let won = try edits(["etc/a.json": Self.gpu, "run/a.json": other], ["vendor.com/gpu=0"])
    #expect(won.last?.env == ["GPU=other"])
    let conflict = #expect(throws: RuntimeError.self) {
      try edits(["etc/a.json": Self.gpu, "etc/b.json": other], ["vendor.com/gpu=0"])
    }
    #expect(conflict?.message.contains("several files") == true)
    let unknown = #expect(throws: RuntimeError.self) {
      try edits(["etc/a.json": Self.gpu, "etc/bad.json": "{", "run/bad.yaml": "a: [b"], ["vendor.com/gpu=0", "vendor.com/gpu=9"])
    }
    let words = unknown?.message ?? ""
    #expect(words.hasPrefix("unresolvable CDI devices vendor.com/gpu=9: looked in ") && !words.contains("gpu=0"))
    for text in ["/etc, ", "/run", "bad.json cannot be used", "bad.yaml cannot be used: line"] {
      #expect(words.contains(text), "\(words)")
    }
    #expect(try edits(["etc/a.json": "{"], []).isEmpty)
  }

  @Test(
    "what cannot be had here refuses the container",
    arguments: [
      ("\"intelRdt\": {\"closID\": \"x\"}", "intelRdt"), ("\"netDevices\": [{\"name\": \"x\"}]", "netDevices"),
      ("\"env\": [\"NOVALUE\"]", "NOVALUE"), ("\"deviceNodes\": [{\"path\": \"/dev/no-such-device\"}]", "/dev/no-such-device"),
    ])
  func refused(edit: String, word: String) throws {
    let text = "{\"cdiVersion\": \"0.6.0\", \"kind\": \"v.com/c\", \"devices\": [{\"name\": \"d\", \"containerEdits\": {\(edit)}}]}"
    let found = try edits(["etc/x.json": text], ["v.com/c=d"])
    let error = #expect(throws: RuntimeError.self) { try DeviceEdits(found, user: (0, 0)) }
    #expect(error?.message.contains(word) == true)
  }

  @Test("a file of aliases that stand for a billion values is not read to its end") func bomb() throws {
    var lines = ["cdiVersion: 0.6.0", "kind: v.com/c", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in 1...9 {
      lines.append("a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]")
    }
    let error = #expect(throws: RuntimeError.self) { try edits(["etc/x.yaml": lines.joined(separator: "\n")], ["v.com/c=d"]) }
    #expect(error?.message.contains("too many values") == true)
  }

  @Test("a file that is nested deeper than a stack is an error of its own", arguments: [false, true])
  func deep(isChain: Bool) throws {
    let text =
      isChain
      ? (1...50_000).map { "a\($0): &a\($0)\n  k: \($0 == 1 ? "x" : "*a\($0 - 1)")" }.joined(separator: "\n")
      : "a: [" + String(repeating: "- ", count: 100) + "x]\nb:\n  " + String(repeating: "- ", count: 50_000) + "x"
    let error = #expect(throws: RuntimeError.self) {
      try edits(["etc/x.yaml": "cdiVersion: 0.6.0\nkind: v.com/c\n" + text], ["v.com/c=d"])
    }
    #expect(error?.message.contains("etc/x.yaml cannot be used") == true)
  }
}
