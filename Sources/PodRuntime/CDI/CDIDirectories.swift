import FoundationEssentials
import LinuxSystem
import RuntimeAPI
import YAML

/// Where vendors put their CDI files. They are read when a container asks for a device, as drivers come and go while the agent runs.
struct CDIDirectories: Sendable {
  /// A later one wins.
  let paths: [String]

  /// Larger files are refused.
  private static let fileLimit = 1 << 20
  /// Source: pod annotations of the older way to ask.
  private static let prefix = "cdi.k8s.io/"

  private struct Found {
    var spec: CDISpec
    var device: CDISpec.Device
    var file: String
    var directory: Int
    /// Another file of the same directory has the same device.
    var isAmbiguous = false
  }

  /// The names that a container asks for, by field and by annotation, each once.
  static func names(_ config: ContainerConfig) throws(RuntimeError) -> [String] {
    let annotated = config.annotations.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
    let all = config.cdiDevices + annotated.flatMap { $0.value.split(separator: ",").map { $0.trimmed } }
    var seen: Set<String> = []
    let names = all.filter { seen.insert($0).inserted }
    for name in names where !isQualified(name) {
      throw RuntimeError(.invalidArgument, "CDI device '\(name)': a name is vendor.com/class=device")
    }
    return names
  }

  private static func isQualified(_ name: String) -> Bool {
    let halves = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, !halves[1].isEmpty else { return false }
    let kind = halves[0].split(separator: "/", omittingEmptySubsequences: false)
    return kind.count == 2 && !kind[0].isEmpty && !kind[1].isEmpty
  }

  /// What the devices need, in the order they are asked for; what a file says for all of its devices comes before its first one, once.
  /// Blocks.
  /// - Throws: naming what no file has, where it was looked for, and the files that could not be read.
  func edits(_ names: [String]) throws(RuntimeError) -> [CDISpec.Edits] {
    if names.isEmpty { return [] }
    var (found, faults): ([String: Found], [String]) = ([:], [])
    for (number, directory) in paths.enumerated() { read(directory, number, &found, &faults) }
    let missing = names.filter { found[$0]?.isAmbiguous ?? true }
    guard missing.isEmpty else {
      let conflicts = missing.compactMap { name in found[name].map { "\(name) is in several files of \(paths[$0.directory])" } }
      throw RuntimeError(
        .notFound,
        "unresolvable CDI devices \(missing.joined(separator: ", ")): looked in \(paths.joined(separator: ", "))"
          + (conflicts + faults).map { "; \($0)" }.joined())
    }
    var edits: [CDISpec.Edits] = []
    var files: Set<String> = []
    for name in names {
      guard let device = found[name] else { continue }
      if files.insert(device.file).inserted, let shared = device.spec.containerEdits { edits.append(shared) }
      if let own = device.device.containerEdits { edits.append(own) }
    }
    return edits
  }

  private func read(_ directory: String, _ number: Int, _ found: inout [String: Found], _ faults: inout [String]) {
    for name in ((try? listDirectory(directory)) ?? []).sorted() {
      let isYAML = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
      guard isYAML || name.hasSuffix(".json"), !name.hasPrefix(".") else { continue }
      let file = "\(directory)/\(name)"
      do {
        let text = try readFile(file, limit: Self.fileLimit + 1)
        guard text.utf8.count <= Self.fileLimit else { throw RuntimeError(.invalidArgument, "it is larger than 1 MiB") }
        let spec = try Self.parse(text, isYAML: isYAML)
        for device in spec.devices {
          let qualified = "\(spec.kind)=\(device.name)"
          let isAmbiguous = found[qualified]?.directory == number
          found[qualified] = Found(spec: spec, device: device, file: file, directory: number, isAmbiguous: isAmbiguous)
        }
      } catch {
        faults.append("\(file) cannot be used: \((error as? RuntimeError)?.message ?? "\(error)")")
      }
    }
  }

  static func parse(_ text: String, isYAML: Bool) throws -> CDISpec {
    guard isYAML else { return try JSONDecoder().decode(CDISpec.self, from: Data(text.utf8)) }
    do {
      guard let node = try Parser(text).nextDocument() else { throw RuntimeError(.invalidArgument, "it is empty") }
      var json = JSONText()
      try json.append(node)
      return try JSONDecoder().decode(CDISpec.self, from: Data(json.text.utf8))
    } catch let error as SyntaxError {
      throw RuntimeError(.invalidArgument, "line \(error.mark.line): \(error.message)")
    }
  }
}

extension Substring {
  fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
