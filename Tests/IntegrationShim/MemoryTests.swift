import Foundation
import LinuxSystem
import ShimCore
import TestSupport
import Testing

extension ShimSuite {
  @Suite("Memory", .timeLimit(.minutes(5)))
  struct MemoryTests {
    /// Kilobytes that belong to the process alone.
    private func privateMemory(_ pid: Int32) -> Int {
      ShimFiles.text("/proc/\(pid)/smaps_rollup").split(separator: "\n")
        .filter { $0.hasPrefix("Private_Dirty:") || $0.hasPrefix("Private_Clean:") }
        .compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.reduce(0, +)
    }

    @Test("pause keeps nothing of its set-up: three or four pages of its own, whatever it was told")
    func pauseForgets() throws {
      try TestPod.with { pod in
        let pause = try pod.pause(operations: Array(repeating: .umask(0o22), count: 3000))
        func dirty() -> Int {
          ShimFiles.text("/proc/\(pause)/smaps_rollup").split(separator: "\n").first { $0.hasPrefix("Private_Dirty:") }
            .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? .max
        }
        // It says that it pauses before it forgets.
        #expect(eventuallyBlocking { dirty() <= 24 }, "\(dirty()) KB")
        _ = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"]))
        #expect(eventuallyBlocking { dirty() <= 24 }, "\(dirty()) KB")
      }
    }

    @Test("podshim and pause together stay below 300 KB, idle and after megabytes of log and a hundred execs")
    func small() throws {
      try TestPod.with { pod in
        let pause = try pod.pause()
        // The image's pages count here too: with one pod nobody shares them.
        #expect(privateMemory(pod.process.pid) + privateMemory(pause) < 200)
        _ = try pod.spawn(TestContainer("c", ["/bin/sleep", "60"]))
        for round in 0..<3 {
          #expect(try pod.run(TestContainer("l\(round)", ["/bin/seq", "1", "100000"])).lines.count == 100_000)
          #expect(try pod.call(.remove(id: "l\(round)")).reply == .done)
        }
        let null = SharedDescriptor(try openNull())
        for round in 0..<100 {
          let exec = TestExec(id: "e\(round)", container: "c", command: ["/bin/true"])
          #expect(try pod.call(.spawn(exec.request()), [null, null, null]).descriptors.count == 1)
          #expect(try pod.exit(of: exec.id).exitCode == 0)
        }
        let total = privateMemory(pod.process.pid) + privateMemory(pause)
        #expect(total < 300, "\(total) KB")
      }
    }
  }
}
