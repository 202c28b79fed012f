import Testing

@testable import PodRuntime

@Suite("Signals") struct SignalsTests {
  @Test(
    "an image names them as programs do",
    arguments: [
      ("SIGTERM", 15), ("term", 15), ("9", 9), ("64", 64), ("SIGRTMIN", 34), ("RTMIN+3", 37), ("SIGRTMAX-14", 50), ("SIGWINCH", 28),
    ] as [(String, Int32)])
  func names(_ text: String, _ number: Int32) { #expect(Signals.number(named: text) == number) }

  @Test("what is none is not taken for one", arguments: ["", "0", "65", "-1", "SIG", "SIGNONE", "RTMIN+31", "RTMIN+", "15 "])
  func none(_ text: String) { #expect(Signals.number(named: text) == nil) }

  @Test("the container's own goes before its image's, and the CRI's number is that of the signal sent") func stop() {
    #expect(Signals.stop(config: 0, image: nil) == (15, 23))
    #expect(Signals.stop(config: 0, image: "") == (15, 23))
    #expect(Signals.stop(config: 0, image: "nonsense") == (15, 23))
    #expect(Signals.stop(config: 0, image: "SIGQUIT") == (3, 18))
    #expect(Signals.stop(config: 10, image: "SIGQUIT") == (2, 10))
    // A number the CRI does not have.
    #expect(Signals.stop(config: 999, image: "SIGQUIT") == (3, 18))
  }

  /// The CRI's enum is in alphabetical order of the names, aliases included; signal(7) has the numbers.
  @Test("each of the CRI's 65 signals is one of Linux, and the real-time ones go up") func numbers() {
    #expect(Set(Signals.numbers.keys) == Set(1...65))
    #expect(Set(Signals.numbers.values).isSubset(of: Set(1...64)))
    #expect((35...65).map { Signals.numbers[$0] } == (34...64).map { $0 })
    for (name, cri) in [("HUP", 8), ("INT", 10), ("KILL", 13), ("STOP", 21), ("TERM", 23), ("USR1", 29), ("WINCH", 32)]
      as [(String, Int32)]
    {
      #expect(Signals.numbers[cri] == Signals.number(named: name), "\(name)")
    }
  }
}
