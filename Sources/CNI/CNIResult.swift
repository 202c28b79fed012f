/// What a chain of plugins made, of any version of the specification: 0.3 and 0.4 name each address's family, 1.0 and 1.1 do not.
public struct CNIResult: Equatable, Sendable {
  /// As the last plugin gave it, for the plugins to come.
  public let source: JSON
  /// Of the pod's interface, without prefix, in the plugins' order.
  public let addresses: [String]
  /// Interfaces of the host that lead to it.
  public let hostInterfaces: [String]

  /// - Parameter interface: the pod's.
  public init(_ source: JSON, interface: String) throws(CNIError) {
    self.source = source
    guard case .object = source else { throw Self.invalid("is no JSON object") }
    let interfaces = try Self.list("interfaces", source)
    hostInterfaces = interfaces.filter { ($0["sandbox"]?.string ?? "").isEmpty }.compactMap { $0["name"]?.string }
    var addresses: [String] = []
    for (index, entry) in try Self.list("ips", source).enumerated() {
      guard let text = entry["address"]?.string, let address = text.split(separator: "/").first, !address.isEmpty else {
        throw Self.invalid(".ips[\(index)].address is no address")
      }
      // Without a number it is the pod's.
      if let number = entry["interface"], number != .null {
        guard let number = number.int, interfaces.indices.contains(number) else {
          throw Self.invalid(".ips[\(index)].interface is no index of .interfaces")
        }
        let owner = interfaces[number]
        guard owner["name"]?.string == interface, owner["sandbox"]?.string?.isEmpty == false else { continue }
      }
      addresses.append(String(address))
    }
    self.addresses = addresses
  }

  private static func invalid(_ sentence: String) -> CNIError { CNIError(.invalidResult, "the plugins' result: \(sentence)") }

  private static func list(_ name: String, _ source: JSON) throws(CNIError) -> [JSON] {
    guard let value = source[name], value != .null else { return [] }
    guard let list = value.array else { throw invalid(".\(name) is no list") }
    return list
  }
}
