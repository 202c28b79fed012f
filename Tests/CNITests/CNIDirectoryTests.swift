import Foundation
import Synchronization
import TestSupport
import Testing

@testable import CNI

@Suite("The directory of CNI configurations", .timeLimit(.minutes(5))) struct CNIDirectoryTests {
  static func list(_ name: String) -> String { #"{"name":"\#(name)","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}"# }

  @Test("has its first good file by name in use, and tells what is wrong with the others")
  func first() throws {
    try ScratchDirectory.with("cni") { scratch in
      let directory = CNIDirectory(path: scratch.path)
      #expect(!directory.look().view.isUsed)
      try scratch.write("05-broken.conflist", "{\n\"name\": \"x\",\n}")
      #expect(directory.look().view.isUsed && directory.view.current == nil)
      try scratch.write("20-b.conflist", Self.list("b"))
      try scratch.write("10-a.conf", #"{"name":"a","cniVersion":"0.4.0","type":"ptp"}"#)
      try scratch.write("00-not-one.txt", Self.list("t"))
      try scratch.makeDirectory("01-directory.conflist")
      let view = directory.look().view
      #expect(view.current?.file == "10-a.conf" && view.current?.configuration.name == "a")
      #expect(
        view.problems == ["\(scratch.path)/05-broken.conflist: line 3, column 1: a field's name in quotes is expected, not '}'"])
    }
  }

  @Test("keeps what a file said while it is broken, and forgets it with the file")
  func lastGood() throws {
    try ScratchDirectory.with("cni") { scratch in
      let directory = CNIDirectory(path: scratch.path)
      try scratch.write("10-a.conflist", Self.list("a"))
      try scratch.write("20-b.conflist", Self.list("b"))
      _ = directory.look()
      try scratch.write("10-a.conflist", "{")
      let broken = directory.look()
      #expect(broken.isNew && broken.view.current?.configuration.name == "a")
      #expect(broken.view.problems.first?.hasSuffix("(it counts as it was)") == true)
      try scratch.remove("10-a.conflist")
      #expect(
        directory.look().view == .init(current: ("20-b.conflist", try CNIConfiguration(Array(Self.list("b").utf8), isList: true))))
    }
  }

  @Test("tells of changes by itself, also of those made before it was watched")
  func watch() async throws {
    try await ScratchDirectory.with("cni") { scratch in
      let names = Mutex<[String?]>([])
      let watch = CNIWatch(CNIDirectory(path: scratch["net.d"])) { view in
        names.withLock { $0.append(view.current?.configuration.name) }
      }
      #expect(!watch.look().isUsed)  // there is no such directory yet
      try scratch.write("net.d/10-a.conflist", Self.list("a"))
      #expect(watch.look().current?.configuration.name == "a")
      try scratch.write("net.d/05-b.conflist", Self.list("b"))
      #expect(await eventually { names.withLock { $0 == ["a", "b"] } })
      // One that is removed with its directory and comes again.
      try scratch.remove("net.d")
      #expect(await eventually { names.withLock { $0.last == .some(nil) } })
      try scratch.write("net.d/10-c.conflist", Self.list("c"))
      #expect(watch.look().current?.configuration.name == "c")
      try scratch.write("net.d/10-c.conflist", Self.list("d"))
      #expect(await eventually { names.withLock { $0.last == "d" } })
    }
  }
}

extension ScratchDirectory {
  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: self[name]) }
}
