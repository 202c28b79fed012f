import AgentSupport
import Foundation
import Testing

private let stormSeconds = ProcessInfo.processInfo.environment["SWIFTLET_CHAOS_SECONDS"].flatMap(Double.init) ?? 15

extension AgentSuite {
  @Suite("Chaos", .timeLimit(.minutes(20 + Int(stormSeconds / 30))))
  struct ChaosTests {
    /// `make chaos SECONDS= SEED=`; in the integration suite a short run with the clock as its seed.
    @Test("Whatever is killed, stopped or full: nothing starts twice, no exit and no line is lost, nothing leaks")
    func storm() async throws {
      let environment = ProcessInfo.processInfo.environment
      let seconds = stormSeconds
      let seed = environment["SWIFTLET_CHAOS_SEED"].flatMap(UInt64.init) ?? UInt64(Date().timeIntervalSince1970)
      print("chaos: seed \(seed), \(seconds) s; again with: make chaos SEED=\(seed) SECONDS=\(Int(seconds))")
      var options = AgentFixture.Options(images: ["payload"])
      options.rootSize = "48m"
      try await AgentFixture.with(options) { agent in
        let storm = ChaosStorm(agent: agent, seed: seed)
        try await storm.run(seconds: seconds)
        try await storm.calm()
        #expect(storm.violations() == [], "seed \(seed): \(storm.journal())")
        #expect(try await agent.leaks() == [], "seed \(seed): \(storm.journal())")
      }
    }
  }
}
