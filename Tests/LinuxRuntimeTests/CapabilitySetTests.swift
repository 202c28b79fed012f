import LinuxRuntime
import Testing

@Suite("The capabilities of a container") struct CapabilitySetTests {
  @Test("ALL is what the runtime itself can pass on")
  func restrictedNode() throws {
    let held = CapabilitySet(mask: 0b1011)
    #expect(try CapabilitySet.effective(add: ["ALL"], all: held) == held)
    #expect(try CapabilitySet.effective(add: ["ALL"], drop: ["DAC_OVERRIDE"], all: held).mask == 0b1001)
  }

  @Test("ALL comes first, then the single names, whatever the order and the spelling")
  func order() throws {
    let one = try CapabilitySet(names: ["NET_ADMIN"])
    #expect(try CapabilitySet.effective(add: ["cap_net_admin"], drop: ["all"]) == one)
    #expect(try !CapabilitySet.effective(add: ["ALL"], drop: ["CAP_NET_RAW"]).contains("NET_RAW"))
    #expect(try CapabilitySet.effective(drop: ["NET_RAW"], all: one).contains("CHOWN"))
  }

  @Test("A name that is none is an error")
  func unknown() {
    #expect(throws: LinuxRuntimeError.self) { try CapabilitySet.effective(add: ["NET_ADMINISTRATOR"]) }
  }
}
