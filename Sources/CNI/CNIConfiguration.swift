/// A network as a file of the configuration directory describes it: plugins that are run one after the other.
/// Source: CNI specification 1.1, section 1.
public struct CNIConfiguration: Equatable, Sendable {
  public struct Plugin: Equatable, Sendable {
    /// The program's name.
    public let type: String
    /// As it stands in the file.
    public let configuration: JSON

    /// What the runtime may tell this plugin.
    public func has(_ capability: String) -> Bool { configuration["capabilities"]?[capability]?.flag == true }
  }

  /// The network's.
  public let name: String
  public let version: CNIVersion
  public let plugins: [Plugin]
  public let disablesCheck: Bool
  public let disablesGC: Bool
  /// The whole file.
  public let source: JSON

  public func has(_ capability: String) -> Bool { plugins.contains { $0.has(capability) } }

  /// - Parameter isList: a `.conflist`; else the file is the configuration of one plugin.
  public init(_ bytes: [UInt8], isList: Bool) throws(CNIError) {
    let source: JSON
    do { source = try JSONParser.parse(bytes) } catch { throw Self.invalid("\(error)") }
    guard case .object = source else { throw Self.invalid("the file holds no JSON object") }
    self.source = source
    name = try Self.name(source)
    version = try Self.version(source)
    disablesCheck = try Self.flag("disableCheck", source)
    disablesGC = try Self.flag("disableGC", source)
    guard isList else {
      plugins = [try Self.plugin(source, at: "")]
      return
    }
    guard let list = source["plugins"] else { throw Self.invalid(".plugins is missing") }
    guard let list = list.array, !list.isEmpty else { throw Self.invalid(".plugins is no list with an element") }
    var plugins: [Plugin] = []
    for (index, entry) in list.enumerated() { plugins.append(try Self.plugin(entry, at: ".plugins[\(index)]")) }
    self.plugins = plugins
  }

  private static func invalid(_ sentence: String) -> CNIError { CNIError(.invalidConfiguration, sentence) }

  private static func plugin(_ json: JSON, at path: String) throws(CNIError) -> Plugin {
    guard case .object = json else { throw invalid("\(path) is no object") }
    guard let type = json["type"] else { throw invalid("\(path).type is missing") }
    guard let type = type.string, isFileName(type) else { throw invalid("\(path).type is no name of a program") }
    return Plugin(type: type, configuration: json)
  }

  /// Programs are looked for in the plugin directories alone.
  private static func isFileName(_ text: String) -> Bool {
    !text.isEmpty && text != "." && text != ".." && !text.utf8.contains(UInt8(ascii: "/")) && !text.utf8.contains(0)
  }

  /// Source: specification, "Configuration format": it begins with a letter or digit, then also `_`, `.`, `-`.
  private static func name(_ source: JSON) throws(CNIError) -> String {
    guard let value = source["name"] else { throw invalid(".name is missing") }
    guard let name = value.string, let first = name.utf8.first, isAlphanumeric(first),
      name.utf8.allSatisfy({ isAlphanumeric($0) || [0x5f, 0x2e, 0x2d].contains($0) })
    else { throw invalid(".name is no network name: letters, digits, '_', '.', '-'") }
    return name
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  /// Of several (`cniVersions`) the newest that is known here.
  private static func version(_ source: JSON) throws(CNIError) -> CNIVersion {
    var versions: [CNIVersion] = []
    if let value = source["cniVersion"] {
      guard let version = value.string.flatMap(CNIVersion.init) else { throw invalid(".cniVersion is no version") }
      versions.append(version)
    }
    if let values = source["cniVersions"] {
      guard let list = values.array else { throw invalid(".cniVersions is no list") }
      for (index, value) in list.enumerated() {
        guard let version = value.string.flatMap(CNIVersion.init) else { throw invalid(".cniVersions[\(index)] is no version") }
        versions.append(version)
      }
    }
    if versions.isEmpty { versions = [.unsaid] }
    guard let version = versions.filter({ ($0 >= .oldest) && ($0 <= .newest) }).max() else {
      let said = versions.map(\.description).joined(separator: ", ")
      throw invalid(".cniVersion \(said) is not one of \(CNIVersion.oldest) to \(CNIVersion.newest)")
    }
    return version
  }

  private static func flag(_ name: String, _ source: JSON) throws(CNIError) -> Bool {
    guard let value = source[name] else { return false }
    guard let flag = value.flag else { throw invalid(".\(name) is neither true nor false") }
    return flag
  }
}
