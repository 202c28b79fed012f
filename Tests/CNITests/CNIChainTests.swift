import Foundation
import TestSupport
import Testing

@testable import CNI

@Suite("A chain of CNI plugins", .timeLimit(.minutes(5))) struct CNIChainTests {
  private let attachment = ScriptedPlugins.attachment
  private var soon: ContinuousClock.Instant { .now + .seconds(3600) }
  private static let answer =
    #"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/x"}],"ips":[{"interface":0,"address":"10.1.0.9/24"}]}"#

  @Test("ADD goes from the first to the last, each with the result before, its capabilities and the pod")
  func add() async throws {
    try await ScriptedPlugins.with { plugins in
      try plugins.add("one", "echo '\(Self.answer)'")
      try plugins.add("two", #"sed -e 's/.*"prevResult"://' -e 's/}$//' "$in" | sed 's/10.1.0.9/10.1.0.8/'"#)
      let chain = try plugins.chain(
        "1.0.0", #"{"type":"one","mtu":9,"capabilities":{"bandwidth":true}},{"type":"two","capabilities":{"dns":true}}"#)
      let result = try await chain.add(attachment, until: soon)
      #expect(result.addresses == ["10.1.0.8"])
      #expect(plugins.calls() == ["ADD one", "ADD two"])
      #expect(
        try plugins.input("ADD.one").text
          == #"{"type":"one","mtu":9,"capabilities":{"bandwidth":true},"name":"net","cniVersion":"1.0.0","runtimeConfig":{"bandwidth":{"ingressRate":1000}}}"#
      )
      let second = try plugins.input("ADD.two")
      #expect(second["prevResult"]?["ips"]?.array?.count == 1 && second["runtimeConfig"] == nil)
      #expect(
        try plugins.environment("ADD.one") == """
          CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web
          CNI_COMMAND=ADD
          CNI_CONTAINERID=abc
          CNI_IFNAME=eth0
          CNI_NETNS=/run/netns/abc
          CNI_PATH=\(plugins.scratch["none"]):\(plugins.scratch["bin"])
          PROXY=p

          """)
    }
  }

  @Test("DEL goes back to front with the result of the ADD, and goes on after a failure, which it tells")
  func delete() async throws {
    try await ScriptedPlugins.with { plugins in
      try plugins.add("one")
      try plugins.add("two", #"echo '{"cniVersion":"1.0.0","code":7,"msg":"no such thing","details":"at all"}'; exit 1"#)
      try plugins.add("three")
      let chain = try plugins.chain("1.0.0", #"{"type":"one"},{"type":"two"},{"type":"three"}"#)
      let result = try JSONParser.parse(Array(Self.answer.utf8))
      let error = await #expect(throws: CNIError.self) {
        try await chain.delete(attachment, result: result, each: .seconds(3600))
      }
      #expect(error?.code == .plugin(7) && error?.description == "plugin two (DEL) failed: no such thing; at all")
      #expect(plugins.calls() == ["DEL three", "DEL two", "DEL one"])
      #expect(try plugins.input("DEL.one")["prevResult"] == result)
      // A plugin that could do nothing in the ADD has nothing to take back.
      try plugins.add("two", #"echo '{"code":1,"msg":"incompatible"}'; exit 1"#)
      try await chain.delete(attachment, result: result, each: .seconds(3600))
      let missing = try plugins.chain("1.0.0", #"{"type":"one"},{"type":"missing"}"#)
      try await missing.delete(attachment, result: nil, each: .seconds(3600))
      await #expect(throws: CNIError.self) { try await missing.delete(attachment, result: result, each: .seconds(3600)) }
      // Before 0.4.0 plugins did not know of it.
      let old = try plugins.chain("0.3.1", #"{"type":"one"}"#)
      try await old.delete(attachment, result: result, each: .seconds(3600))
      #expect(try plugins.input("DEL.one")["prevResult"] == nil)
    }
  }

  @Test("CHECK, STATUS and GC are asked of configurations that have them, unless they say no")
  func versions() async throws {
    try await ScriptedPlugins.with { plugins in
      try plugins.add("one")
      for (version, head, calls) in [
        ("0.3.1", "", [String]()), ("0.4.0", "", ["CHECK one"]), ("1.0.0", #""disableCheck":true,"#, []),
        ("1.1.0", "", ["CHECK one", "STATUS one", "GC one"]), ("1.1.0", #""disableGC":true,"#, ["CHECK one", "STATUS one"]),
      ] {
        let chain = try plugins.chain(version, #"{"type":"one"}"#, head: head)
        try await chain.check(attachment, result: nil, until: soon)
        try await chain.status(until: soon)
        try await chain.collectGarbage(keeping: ["b", "a"], until: soon)
        #expect(plugins.calls() == calls)
      }
      #expect(
        try plugins.input("GC.one")["cni.dev/valid-attachments"]?.text
          == #"[{"containerID":"a","ifname":"eth0"},{"containerID":"b","ifname":"eth0"}]"#)
      #expect(!(try plugins.environment("STATUS.one").contains("CNI_CONTAINERID")))
    }
  }

  @Test("VERSION finds plugins that are missing or do not know the configuration's version")
  func validate() async throws {
    try await ScriptedPlugins.with { plugins in
      try plugins.add("one", #"echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}'"#)
      try await plugins.chain("1.0.0", #"{"type":"one"}"#).validate(until: soon)
      let newer = try plugins.chain("1.1.0", #"{"type":"one"}"#)
      let unknown = await #expect(throws: CNIError.self) { try await newer.validate(until: soon) }
      #expect(unknown?.description == "plugin one does not know CNI 1.1.0 of network net: it has 0.4.0, 1.0.0")
      let absent = try plugins.chain("1.0.0", #"{"type":"two"}"#)
      let missing = await #expect(throws: CNIError.self) { try await absent.validate(until: soon) }
      #expect(missing?.code == .noPlugin && missing?.description.hasPrefix("plugin two is not in ") == true)
    }
  }

  @Test(
    "what a plugin does wrong becomes a sentence",
    arguments: [
      ("echo 'bad things' >&2; exit 3", "plugin one (ADD) failed with status 3: bad things"),
      ("kill -9 $$", "plugin one (ADD) was ended by signal 9"),
      ("echo '{'", "plugin one (ADD) answers with what is no JSON: line 2, column 1: the text ends within an object"),
      ("true", "plugin one (ADD) answers with no result"),
      ("head -c 2000000 /dev/zero", "plugin one (ADD) answers with more than 1048576 bytes"),
      (#"echo '{"code":11,"msg":"later"}'; exit 1"#, "plugin one (ADD) failed: later"),
    ])
  func errors(_ script: String, _ sentence: String) async throws {
    try await ScriptedPlugins.with { plugins in
      try plugins.add("one", script)
      let chain = try plugins.chain("1.0.0", #"{"type":"one"}"#)
      let error = await #expect(throws: CNIError.self) { try await chain.add(attachment, until: soon) }
      #expect(error?.description == sentence)
      #expect(error?.isTemporary == sentence.contains("later"))
    }
  }

  @Test("one that does not end is killed with its children")
  func deadline() async throws {
    try await ScriptedPlugins.with { plugins in
      try plugins.add("one", "echo waiting >&2; sleep 86400 & echo $! >\(plugins.scratch["child"]); wait")
      let chain = try plugins.chain("1.0.0", #"{"type":"one"}"#)
      let error = await #expect(throws: CNIError.self) { try await chain.add(attachment, until: .now + .seconds(2)) }
      #expect(error?.code == .timedOut && error?.description == "plugin one (ADD) did not end in time and was killed: waiting")
      let child = try #require(Int32(try plugins.scratch.text("child").split(separator: "\n")[0]))
      #expect(await eventually { (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8))?.contains(") Z ") ?? true })
    }
  }
}
