import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import Cgroups

@Suite("Life of a real cgroup", .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5))) struct LifeTests {
  @Test("The node's cgroup v2 mount is found, and no controller is both usable and held by v1")
  func discover() throws {
    let root = try CgroupRoot.discover()
    #expect(FileManager.default.fileExists(atPath: root.mountPoint + "/cgroup.procs"))
    #expect(root.controllers.isDisjoint(with: root.controllersOnlyInV1))
  }

  @Test("Making it twice is fine, removing it twice too, and its children go with it")
  func createAndRemove() throws {
    try TestCgroup.with { root, scratch in
      let leaf = root.cgroup(scratch.path + "/pod/container/exec")
      try leaf.create(enableControllers: false)
      try leaf.create(enableControllers: false)
      #expect(try !leaf.isPopulated)
      _ = try leaf.open()
      let pod = root.cgroup(scratch.path + "/pod")
      try pod.remove()
      #expect(!FileManager.default.fileExists(atPath: pod.directory))
      try pod.remove()
    }
  }

  @Test("Killing ends a whole tree of processes, also in children, and waits for them")
  func kill() throws {
    try TestCgroup.with { root, scratch in
      let child = root.cgroup(scratch.path + "/child")
      try child.create(enableControllers: false)
      let first = try TestCgroup.shell("trap '' TERM; sleep 1000 & sleep 1000", in: scratch)
      let second = try TestCgroup.shell("sleep 1000", in: child)
      #expect(try eventuallyBlocking { try scratch.processes(recursive: true).count >= 4 })
      #expect(try child.isPopulated)
      #expect(try !scratch.processes(recursive: false).contains(second.processIdentifier))
      try scratch.killAndWait()
      #expect(try !scratch.isPopulated)
      #expect(try scratch.processes(recursive: true) == [])
      for process in [first, second] {
        process.waitForEnd()
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(process.terminationStatus == SIGKILL)
      }
    }
  }

  @Test("Removing it with processes inside kills them")
  func removePopulated() throws {
    try TestCgroup.with { root, scratch in
      let child = root.cgroup(scratch.path + "/a/b")
      try child.create(enableControllers: false)
      let process = try TestCgroup.shell("sleep 1000", in: child)
      #expect(try eventuallyBlocking { try child.isPopulated })
      try root.cgroup(scratch.path + "/a").remove()
      process.waitForEnd()
      #expect(process.terminationStatus == SIGKILL)
    }
  }

  @Test("Frozen processes can be killed")
  func killFrozen() throws {
    try TestCgroup.with { _, scratch in
      let process = try TestCgroup.shell("sleep 1000", in: scratch)
      #expect(try eventuallyBlocking { try scratch.isPopulated })
      try "1".write(toFile: "\(scratch.directory)/cgroup.freeze", atomically: false, encoding: .utf8)
      try scratch.killAndWait()
      process.waitForEnd()
      #expect(process.terminationStatus == SIGKILL)
    }
  }

  @Test("The OOM score of all its processes is written, also of those that are born meanwhile, and of nobody else's")
  func oomScore() throws {
    try TestCgroup.with { root, scratch in
      let (own, other) = (root.cgroup(scratch.path + "/own"), root.cgroup(scratch.path + "/other"))
      for cgroup in [own, other] { try cgroup.create(enableControllers: false) }
      let below = root.cgroup(own.path + "/below")
      try below.create(enableControllers: false)
      func score(_ pid: Int32) -> String? {
        (try? String(contentsOfFile: "/proc/\(pid)/oom_score_adj", encoding: .utf8))?.trimmingCharacters(in: .newlines)
      }
      let processes = [
        try TestCgroup.shell("while :; do sleep 0.01; done", in: own), try TestCgroup.shell("sleep 1000 & sleep 1000", in: below),
        try TestCgroup.shell("sleep 1000", in: other),
      ]
      #expect(try eventuallyBlocking { try own.processes(recursive: true).count >= 4 })
      #expect(try eventuallyBlocking { try !other.processes(recursive: true).isEmpty })
      let before = score(try #require(other.processes(recursive: false).first))
      try own.adjustOOMScore(777)
      for pid in try own.processes(recursive: true) { #expect(score(pid) == "777" || score(pid) == nil) }
      #expect(score(try #require(other.processes(recursive: false).first)) == before && before != "777")
      try scratch.killAndWait()
      for process in processes { process.waitForEnd() }
      // Nobody is there any more.
      try own.adjustOOMScore(778)
      #expect(throws: CgroupError.self) { try root.cgroup(scratch.path + "/a\nb").adjustOOMScore(1) }
    }
  }

  @Test("Processor time and memory of its processes are reported, whatever controllers the node has")
  func usage() throws {
    try TestCgroup.with { _, scratch in
      let process = try TestCgroup.shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 1000", in: scratch)
      #expect(try eventuallyBlocking { try #require(scratch.stats().cpu).usageMicroseconds > 20_000 })
      #expect(eventuallyBlocking { (ProcessUsage.cpuMicroseconds(scratch) ?? 0) > 0 })
      #expect(try #require(ProcessUsage.residentBytes(scratch)) > 100_000)
      try scratch.killAndWait()
      process.waitForEnd()
      #expect(ProcessUsage.residentBytes(scratch) == nil)
    }
  }
}
