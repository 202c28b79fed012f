import Testing

@testable import KubeModel

@Suite("What each field of the configuration does") struct ConfigurationSupportTests {
  @Test("every field that acts is one of the format, and is told once") func known() {
    let paths = ConfigurationSupport.acting.map(\.path)
    #expect(Set(paths).count == paths.count)
    for path in paths { #expect(Self.isKnown(path), "\(path)") }
  }

  private static func isKnown(_ path: String) -> Bool {
    var type = "KubeletConfiguration"
    for part in path.split(separator: ".") {
      guard let field = KubeletConfiguration.schema[type]?[String(part)] else { return false }
      if case .object(let inner) = field.shape { type = inner } else { type = "" }
    }
    return true
  }

  @Test("fields without effect that a file sets are named") func ignored() {
    let file = """
      apiVersion: kubelet.config.k8s.io/v1beta1
      kind: KubeletConfiguration
      maxPods: 5
      registerNode: false
      crashLoopBackOff: {maxContainerRestartPeriod: 10s}
      authentication: {anonymous: {enabled: false}}
      """
    #expect(ConfigurationSupport.ignored(in: Array(file.utf8)) == ["authentication", "registerNode"])
    #expect(ConfigurationSupport.ignored(in: Array("a: [".utf8)) == [] && ConfigurationSupport.ignored(in: [0xff]) == [])
  }

  @Test("docs/config.md has each field") func documentation() throws {
    let rows = ConfigurationSupport.acting.map { "| `\($0.path)` | \(ConfigurationSupport.defaultText($0)) | \($0.meaning) |" }
    try GeneratedDocumentation.check(
      "config.md", "fields that act", "| field | default | is |\n|---|---|---|\n\(rows.joined(separator: "\n"))\n")
    let names = ConfigurationSupport.withoutEffect.map { "`\($0)`" }.joined(separator: ", ")
    try GeneratedDocumentation.check("config.md", "fields without effect", Self.wrapped(names) + ".\n")
  }

  /// Lines of at most 160 columns.
  private static func wrapped(_ text: String) -> String {
    var lines = [""]
    for word in text.split(separator: " ") {
      if lines[lines.count - 1].count + word.count > 158 { lines.append("") }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines.joined(separator: "\n")
  }
}
