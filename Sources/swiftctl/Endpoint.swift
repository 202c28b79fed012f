import FoundationEssentials
import YAML

/// Which socket to talk to.
enum Endpoint {
  static let standard = "unix:///run/swiftlet/swiftlet.sock"
  static let configPath = "/etc/crictl.yaml"

  /// The flag, else CONTAINER_RUNTIME_ENDPOINT, else crictl's config file, else Swiftlet's default socket.
  static func choose(
    flag: String?, environment: [String: String] = ProcessInfo.processInfo.environment, configPath: String = configPath
  ) throws -> String {
    if let flag, !flag.isEmpty { return try checked(flag) }
    if let variable = environment["CONTAINER_RUNTIME_ENDPOINT"], !variable.isEmpty { return try checked(variable) }
    if let text = try? String(contentsOfFile: configPath, encoding: .utf8) {
      do {
        if let value = try value(of: "runtime-endpoint", in: text), !value.isEmpty { return try checked(value) }
      } catch let error as SyntaxError {
        throw Failure(
          "cannot read \(configPath): line \(error.mark.line): \(error.message)",
          hint: "it is a flat YAML map, e.g. runtime-endpoint: \(standard)")
      }
    }
    return standard
  }

  /// A scalar of a flat YAML map; nil when it is not there.
  private static func value(of key: String, in text: String) throws(SyntaxError) -> String? {
    guard case .mapping(let map) = try Parser(text).nextDocument() else { return nil }
    return map.entries.first { $0.key.scalar?.string == key }?.value.scalar?.string
  }

  private static func checked(_ endpoint: String) throws -> String {
    if endpoint.hasPrefix("unix://") { return endpoint }
    if endpoint.hasPrefix("/") { return "unix://" + endpoint }
    throw Failure("endpoint \(endpoint) is not a unix socket", hint: "write it as unix:///run/swiftlet/swiftlet.sock")
  }
}
