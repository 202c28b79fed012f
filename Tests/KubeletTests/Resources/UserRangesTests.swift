import Foundation
import RuntimeAPI
import TestSupport
import Testing

@testable import Kubelet

@Suite("Ids of pods with user namespaces") struct UserRangesTests {
  private func with(_ body: (ScratchDirectory, UserRanges) throws -> Void) throws {
    try ScratchDirectory.with { scratch in
      var ranges = UserRanges(root: scratch["root"])
      ranges.delegations = (scratch["subuid"], scratch["subgid"])
      try body(scratch, ranges)
    }
  }
  private func first(_ ranges: UserRanges, _ uid: String) throws -> UInt32? { try ranges.take(PodUID(uid)).uids.first?.hostID }

  @Test("each pod has its own, keeps it over a restart, and gives it back with its directory") func pods() throws {
    try with { scratch, ranges in
      #expect(try first(ranges, "a") == 65536)
      #expect(try first(ranges, "b") == 131_072)
      #expect(try first(ranges, "a") == 65536)
      let whole = try ranges.take(PodUID("b"))
      #expect(whole == UserNamespaceOption(mode: .pod, uids: whole.uids, gids: whole.uids) && whole.uids.first?.length == 65536)
      #expect(whole.uids.first?.containerID == 0)
      try FileManager.default.removeItem(atPath: scratch["root/pods/a"])
      #expect(try first(ranges, "c") == 65536)
      let text = try String(contentsOfFile: scratch["root/pods/b/userns"], encoding: .utf8)
      #expect(text.contains("\"hostId\":131072"))
    }
  }

  @Test("what is delegated to the kubelet is what pods get") func delegated() throws {
    try with { scratch, ranges in
      for file in ["subuid", "subgid"] { try scratch.write(file, "other:1:2\nkubelet:655360:131072\n") }
      #expect(try first(ranges, "a") == 655_360)
      #expect(try first(ranges, "b") == 720_896)
      let error = #expect(throws: KubeletError.self) { try first(ranges, "c") }
      #expect(error?.message.contains("no ids are left") == true)
    }
  }

  @Test(
    "a delegation that pods cannot have is told",
    arguments: [
      ("kubelet:1:65536", "kubelet:1:65536"), ("kubelet:65536:65536", ""), ("kubelet:65536:9", "kubelet:65536:9"),
      (
        "kubelet:65536:65536", "kubelet:131072:65536"
      ), ("kubelet:65536:65536\nkubelet:131072:65536", "kubelet:65536:65536"),
    ])
  func wrong(users: String, groups: String) throws {
    try with { scratch, ranges in
      try scratch.write("subuid", users)
      try scratch.write("subgid", groups)
      let error = #expect(throws: KubeletError.self) { try first(ranges, "a") }
      #expect(error?.message.contains("subuid") == true)
    }
  }
}
