import Foundation
import Glibc
import LinuxSystem
import Testing
import UnpackProtocol

@testable import Images

/// What a parser that an archive took over can do: the unpacker's debug build tries it after it sealed itself.
@Suite("The unpacker, taken over")
struct SealTests {
  /// Name of an attempt -> `done` or the errno.
  private func probe(_ mode: String, in directory: String) throws -> [String: String] {
    let target = try ImageFile.open(directory, followLinks: false)
    let null = try openNull()
    let report = try null.withRaw { null in
      try target.withRaw { target in
        let process = try UnpackerProcess(
          program: ImageFixture.unpacker, arguments: ["probe", mode], descriptors: [null, target], name: "probe",
          cancellation: ImportCancellation())
        let error = #expect(throws: ImageError.self) { _ = try process.answers { _ in } }
        return error?.message.replacing("probe: ", with: "") ?? ""
      }
    }
    // Control characters of an answer do not get through.
    return Dictionary(
      report.split(separator: "?").map { line in
        let words = line.split(separator: " ")
        return (String(words[0]), String(words.last ?? ""))
      }, uniquingKeysWith: { $1 })
  }

  @Test("writes into its directory and does nothing else", arguments: ["sealed", "without seccomp"])
  func attempts(_ mode: String) throws {
    let scratch = try ImageFixture()
    let directory = scratch.directory + "/target"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let results = try probe(mode, in: directory)
    #expect(results.count == 17, "\(results)")
    #expect(results["write-inside"] == "done")
    for attempt in [
      "read-etc", "read-proc", "climb", "climb-by-descriptor", "read-device", "run-program", "internet", "mount", "become-another",
      "capability", "host-namespace", "chroot", "kill",
    ] {
      #expect(results[attempt] != nil && results[attempt] != "done", "\(attempt): \(results)")
    }
    // The rest has nothing but the filter in its way.
    if mode == "sealed" {
      #expect(results.filter { $0.value == "done" }.keys.sorted() == ["write-inside"], "\(results)")
    }
    #expect(Attributes.status(directory + "/inside") != nil)
  }

  @Test("answers nonsense: the import fails, nothing else")
  func nonsense() throws {
    var reader = UnpackMessageReader()
    reader.append([9, 0, 0, 0, 0])
    #expect(throws: UnpackMessageReader.Malformed.self) { _ = try reader.next() }
    reader = UnpackMessageReader()
    reader.append([1, 0xff, 0xff, 0xff, 0x7f])
    #expect(throws: UnpackMessageReader.Malformed.self) { _ = try reader.next() }
  }

  @Test("no other user reaches a set-user-ID program or a device of a layer, whoever made the directories")
  func otherUsers() async throws {
    let scratch = try ImageFixture()
    // As a service manager leaves them, and an older agent.
    for path in ["", "/layers", "/content", "/containers"] { _ = unsafe chmod("\(scratch.root)\(path)", 0o755) }
    try scratch.restart()
    try await scratch.importLayers([
      layer { tar in
        tar.add("su", [1], mode: 0o4755)
        tar.add("mem", type: Tar.characterDevice, mode: 0o666, device: (1, 1))
      }
    ])
    let image = try scratch.service.resolve("test:1")
    let snapshot = try scratch.service.prepareSnapshot(owner: "c1", image: image)
    let layer = try #require(image.layers.first).path
    #expect(unsafe access(layer + "/su", X_OK) == 0, "the files are there")
    for path in [layer + "/su", layer + "/mem", snapshot.upper, scratch.root + "/content/blobs/sha256"] {
      #expect(asNobody("[ -e '\(path)' ]") != 0, "\(path)")
    }
    #expect(asNobody("[ -e '\(scratch.directory)' ]") == 0, "nobody sees what is above")
  }

  /// Exit code of a shell script that runs as another user.
  private func asNobody(_ script: String) -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/setpriv")
    process.arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c", script]
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
