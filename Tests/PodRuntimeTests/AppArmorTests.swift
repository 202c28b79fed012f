import Foundation
import LinuxRuntime
import RuntimeAPI
import TestSupport
import Testing

@testable import PodRuntime

/// With a shell script instead of the parser, on a node that need not have AppArmor.
@Suite("Loading AppArmor's default profile", .timeLimit(.minutes(5)))
struct AppArmorTests {
  private static func appArmor(
    _ scratch: ScratchDirectory, parser: String, patience: Duration = .seconds(250), pause: Duration = .seconds(60)
  ) throws -> AppArmor {
    let script = "echo run >> \(scratch["runs"])\n\(parser)\n"
    if !FileManager.default.fileExists(atPath: scratch["list"]) { try scratch.write("list", "") }
    let paths = AppArmor.Paths(
      list: scratch["list"], parsers: [[scratch["absent"]], ["/bin/sh", "-c", script]], text: scratch["text"])
    return AppArmor(isEnabled: true, paths: paths, patience: patience, pause: pause)
  }

  private static func runs(_ scratch: ScratchDirectory) -> Int {
    HostState.text(scratch["runs"]).split(separator: "\n").count
  }

  private static func load(_ scratch: ScratchDirectory) -> String {
    // In one step, as the kernel's list changes.
    "echo '\(AppArmorProfile.defaultName) (enforce)' > \(scratch["draft"]) && mv \(scratch["draft"]) \(scratch["list"])"
  }

  @Test("happens once, however many containers come meanwhile")
  func once() async throws {
    try await ScratchDirectory.with { scratch in
      let appArmor = try Self.appArmor(scratch, parser: "sleep 0.3; \(Self.load(scratch))")
      await withTaskGroup { group in
        for _ in 0..<8 { group.addTask { (try? await appArmor.profile(ContainerSecurityContext())) ?? "none" } }
        for await profile in group { #expect(profile == AppArmorProfile.defaultName) }
      }
      #expect(Self.runs(scratch) == 1)
      #expect(HostState.text(scratch["text"]) == AppArmorProfile.text)
    }
  }

  @Test("does not hold up containers that want another profile, or none")
  func others() async throws {
    try await ScratchDirectory.with { scratch in
      try scratch.write("list", "mine (enforce)\n")
      let appArmor = try Self.appArmor(
        scratch, parser: "while [ ! -e \(scratch["go"]) ]; do sleep 0.02; done; \(Self.load(scratch))")
      async let first = appArmor.profile(ContainerSecurityContext())
      #expect(await eventually { Self.runs(scratch) == 1 })
      #expect(
        try await appArmor.profile(
          ContainerSecurityContext(appArmor: SecurityProfile(type: .localhost, localhostRef: "localhost/mine"))) == "mine")
      #expect(try await appArmor.profile(ContainerSecurityContext(appArmor: SecurityProfile(type: .unconfined))) == nil)
      try scratch.write("go", "")
      #expect(try await first == AppArmorProfile.defaultName)
    }
  }

  @Test("that failed is tried again after a while, and RuntimeDefault is refused until then")
  func failure() async throws {
    try await ScratchDirectory.with { scratch in
      let appArmor = try Self.appArmor(
        scratch, parser: "[ -e \(scratch["works"]) ] || exit 1; \(Self.load(scratch))", pause: .milliseconds(100))
      let asked = ContainerSecurityContext(appArmor: SecurityProfile(type: .runtimeDefault))
      let error = await #expect(throws: LinuxRuntimeError.self) { try await appArmor.profile(asked) }
      #expect(error?.message.contains("apparmor_parser") == true)
      #expect(try await appArmor.profile(ContainerSecurityContext()) == nil)
      try scratch.write("works", "")
      #expect(await eventually { (try? await appArmor.profile(asked)) == AppArmorProfile.defaultName })
    }
  }

  @Test("a parser that does not end is ended")
  func deadline() async throws {
    try await ScratchDirectory.with { scratch in
      // On a busy machine it may be ended before it has begun.
      for seconds in [0.2, 2, 20, 60] where Self.runs(scratch) == 0 {
        let appArmor = try Self.appArmor(scratch, parser: "exec sleep 1000", patience: .seconds(seconds))
        #expect(try await appArmor.profile(ContainerSecurityContext()) == nil)
      }
      #expect(Self.runs(scratch) == 1)
    }
  }

  @Test("is done again when somebody unloaded it; one of an earlier agent's does when the parser fails")
  func unloaded() async throws {
    try await ScratchDirectory.with { scratch in
      let appArmor = try Self.appArmor(scratch, parser: "[ -e \(scratch["broken"]) ] && exit 1; \(Self.load(scratch))")
      #expect(try await appArmor.profile(ContainerSecurityContext()) == AppArmorProfile.defaultName)
      try scratch.write("list", "other (enforce)\n")
      #expect(try await appArmor.profile(ContainerSecurityContext()) == AppArmorProfile.defaultName)
      #expect(Self.runs(scratch) == 2)
      try scratch.write("broken", "")
      let next = try Self.appArmor(scratch, parser: "exit 1")
      #expect(try await next.profile(ContainerSecurityContext()) == AppArmorProfile.defaultName)
    }
  }
}
