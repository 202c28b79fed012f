import ArgumentParser
import Testing

@testable import swiftctl

@Suite("Options of swiftctl") struct OptionTests {
  @Test(
    "a time that no clock can count is refused by its bounds",
    arguments: [
      ["version", "--timeout", "0"], ["version", "--timeout=-1"], ["version", "--timeout", "nan"],
      ["version", "--timeout", "1e30"],
      ["version", "--timeout", "1000001"], ["stats", "-s", "0"], ["stats", "--seconds", "nan"], ["stats", "-s", "3601"],
      ["stats", "-s", "inf"],
    ])
  func refused(_ arguments: [String]) {
    do {
      _ = try Swiftctl.parseAsRoot(arguments)
      Issue.record("\(arguments) was taken")
    } catch {
      #expect(Swiftctl.exitCode(for: error) == .validationFailure)
      #expect(Swiftctl.message(for: error).contains("at most"), "\(Swiftctl.message(for: error))")
    }
  }

  @Test(
    "a time within its bounds is taken",
    arguments: [
      ["version", "--timeout", "0.5"], ["version", "--timeout", "1000000"], ["stats", "-s", "3600"], ["stats", "-s", "0.1"],
    ])
  func taken(_ arguments: [String]) throws { _ = try Swiftctl.parseAsRoot(arguments) }
}
