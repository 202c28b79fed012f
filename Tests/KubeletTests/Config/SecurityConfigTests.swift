import TestSupport
import Testing

@testable import Kubelet

@Suite("Security settings of containers") struct SecurityConfigTests {
  @Test("the throttling counters of each processor that has them are masked") func thermalThrottle() throws {
    try ScratchDirectory.with { scratch in
      for name in ["cpu0", "cpu2", "cpu10", "cpufreq", "cpuidle"] { try scratch.makeDirectory("\(name)/thermal_throttle") }
      try scratch.makeDirectory("cpu1")
      #expect(
        SecurityConfig.thermalThrottle(in: scratch.path) == [0, 2, 10].map { scratch["cpu\($0)/thermal_throttle"] })
    }
    #expect(SecurityConfig.thermalThrottle(in: "/nothing/there") == [])
  }
}
