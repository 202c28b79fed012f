import Foundation
import TestSupport

@testable import CNI

/// Plugins that are shell scripts in a scratch directory. Each writes down what it was told.
struct ScriptedPlugins {
  let scratch: ScratchDirectory
  var runner: PluginRunner {
    PluginRunner(directories: [scratch["none"], scratch["bin"]], environment: ["PATH=/usr/bin:/bin", "PROXY=p", "CNI_ARGS=stale"])
  }

  /// - Parameter script: sees `$CNI_COMMAND`; its input is in the file `$in`.
  func add(_ name: String, _ script: String = "") throws {
    let text = """
      #!/bin/sh
      in=\(scratch.path)/$CNI_COMMAND.\(name).in
      cat >"$in"
      env | grep -E '^(CNI_|PROXY)' | sort >\(scratch.path)/$CNI_COMMAND.\(name).env
      echo "$CNI_COMMAND \(name)" >>\(scratch.path)/calls
      \(script)
      """
    let path = try scratch.write("bin/\(name)", text)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  func chain(_ version: String, _ plugins: String, head: String = "") throws -> CNIChain {
    let text = #"{"name":"net","cniVersion":"\#(version)",\#(head)"plugins":[\#(plugins)]}"#
    return CNIChain(try CNIConfiguration(Array(text.utf8), isList: true), runner)
  }

  /// In the order they came, since the last question.
  func calls() -> [String] {
    defer { try? FileManager.default.removeItem(atPath: scratch["calls"]) }
    return ((try? scratch.text("calls")) ?? "").split(separator: "\n").map(String.init)
  }

  func input(_ call: String) throws -> JSON { try JSONParser.parse(try scratch.bytes("\(call).in")) }
  func environment(_ call: String) throws -> String { try scratch.text("\(call).env") }

  static let attachment = CNIAttachment(
    containerID: "abc", namespace: "/run/netns/abc", arguments: [("IgnoreUnknown", "1"), ("K8S_POD_NAME", "web")],
    capabilities: .object(("portMappings", .array([])), ("bandwidth", .object(("ingressRate", .number(1000))))))

  static func with(_ body: (ScriptedPlugins) async throws -> Void) async throws {
    try await ScratchDirectory.with("cni") { try await body(ScriptedPlugins(scratch: $0)) }
  }
}
