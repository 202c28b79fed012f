import Testing

@testable import CNI

@Suite("A CNI configuration") struct CNIConfigurationTests {
  private func list(_ head: String, _ plugins: String = #"[{"type":"bridge"}]"#) -> [UInt8] {
    Array("{\(head)\"plugins\":\(plugins)}".utf8)
  }

  @Test("is a list of plugins, of the versions 0.3.0 to 1.1.0", arguments: ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])
  func versions(_ version: String) throws {
    let text = list(
      #""name":"n","cniVersion":"\#(version)","#, #"[{"type":"a","capabilities":{"portMappings":true,"dns":false}},{"type":"b"}]"#)
    let configuration = try CNIConfiguration(text, isList: true)
    #expect(configuration.plugins.map(\.type) == ["a", "b"] && "\(configuration.version)" == version)
    #expect(configuration.has("portMappings") && !configuration.has("dns") && !configuration.has("bandwidth"))
  }

  @Test("is the newest version of several that is known here")
  func severalVersions() throws {
    let text = list(#""name":"n","cniVersion":"0.4.0","cniVersions":["2.0.0","1.0.0","0.3.1"],"#)
    #expect(try CNIConfiguration(text, isList: true).version == CNIVersion(1, 0, 0))
  }

  @Test("may be of one plugin, in a .conf")
  func single() throws {
    let one = try CNIConfiguration(Array(#"{"name":"n","cniVersion":"0.4.0","type":"ptp","mtu":1400}"#.utf8), isList: false)
    #expect(one.plugins.map(\.type) == ["ptp"] && one.plugins[0].configuration["mtu"]?.int == 1400)
  }

  @Test("has flags that are also written as text")
  func flags() throws {
    let text = list(#""name":"n","cniVersion":"1.1.0","disableCheck":"True","disableGC":true,"#)
    let configuration = try CNIConfiguration(text, isList: true)
    #expect(configuration.disablesCheck && configuration.disablesGC)
  }

  @Test(
    "is refused with the place of what is wrong",
    arguments: [
      (#"{"cniVersion":"1.0.0","plugins":[{"type":"a"}]}"#, ".name is missing"),
      (
        #"{"name":"../x","cniVersion":"1.0.0","plugins":[{"type":"a"}]}"#,
        ".name is no network name: letters, digits, '_', '.', '-'"
      ),
      (#"{"name":"n","plugins":[{"type":"a"}]}"#, ".cniVersion 0.1.0 is not one of 0.3.0 to 1.1.0"),
      (#"{"name":"n","cniVersion":"2.0.0","plugins":[{"type":"a"}]}"#, ".cniVersion 2.0.0 is not one of 0.3.0 to 1.1.0"),
      (#"{"name":"n","cniVersion":1,"plugins":[{"type":"a"}]}"#, ".cniVersion is no version"),
      (#"{"name":"n","cniVersion":"1.0.0"}"#, ".plugins is missing"),
      (#"{"name":"n","cniVersion":"1.0.0","plugins":[]}"#, ".plugins is no list with an element"),
      (#"{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"},{"tipe":"b"}]}"#, ".plugins[1].type is missing"),
      (#"{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"../a"}]}"#, ".plugins[0].type is no name of a program"),
      (#"{"name":"n","cniVersion":"1.1.0","disableGC":3,"plugins":[{"type":"a"}]}"#, ".disableGC is neither true nor false"),
      ("{\n\"name\":\"n\",,}", "line 2, column 12: a field's name in quotes is expected, not ','"),
      ("[]", "the file holds no JSON object"),
    ])
  func refused(_ text: String, _ problem: String) {
    let error = #expect(throws: CNIError.self) { try CNIConfiguration(Array(text.utf8), isList: true) }
    #expect(error?.description == problem)
  }
}

@Suite("A CNI result") struct CNIResultTests {
  @Test(
    "gives the addresses of the pod's interface, in all versions",
    arguments: [
      #"{"cniVersion":"0.4.0","interfaces":[{"name":"br0"},{"name":"eth0","sandbox":"/x"}],"ips":[{"version":"4","interface":1,"address":"10.1.0.2/16"},{"version":"6","interface":1,"address":"fd00::2/64"}]}"#,
      #"{"cniVersion":"1.0.0","interfaces":[{"name":"br0"},{"name":"eth0","sandbox":"/x"},{"name":"net1","sandbox":"/x"}],"ips":[{"interface":1,"address":"10.1.0.2/16"},{"interface":2,"address":"10.9.0.2/16"},{"interface":1,"address":"fd00::2/64"}],"dns":{}}"#,
      #"{"cniVersion":"1.1.0","interfaces":null,"ips":[{"address":"10.1.0.2/16","gateway":"10.1.0.1"},{"address":"fd00::2/64"}],"routes":[{"dst":"0.0.0.0/0","mtu":1}],"new":1}"#,
    ])
  func addresses(_ text: String) throws {
    let result = try CNIResult(try JSONParser.parse(Array(text.utf8)), interface: "eth0")
    #expect(result.addresses == ["10.1.0.2", "fd00::2"])
    #expect(result.source.text == text)
  }

  @Test(
    "that makes no sense is refused",
    arguments: [
      ("[]", "is no JSON object"), (#"{"ips":[{"addr":"1"}]}"#, ".ips[0].address is no address"),
      (#"{"ips":[{"address":"10.0.0.1/8","interface":2}]}"#, ".ips[0].interface is no index of .interfaces"),
      (#"{"ips":{}}"#, ".ips is no list"),
    ])
  func refused(_ text: String, _ problem: String) throws {
    let json = try JSONParser.parse(Array(text.utf8))
    let error = #expect(throws: CNIError.self) { try CNIResult(json, interface: "eth0") }
    #expect(error?.description == "the plugins' result: \(problem)")
  }
}
