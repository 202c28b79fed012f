import Foundation
import Yams

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
        let values = try Yams.load(yaml: text) as? [String: Any] ?? [:]
        if let value = values["runtime-endpoint"] as? String, !value.isEmpty { return try checked(value) }
      } catch let error as YamlError {
        throw Failure("cannot read \(configPath): \(error)", hint: "it is a flat YAML map, e.g. runtime-endpoint: \(standard)")
      }
    }
    return standard
  }

  private static func checked(_ endpoint: String) throws -> String {
    if endpoint.hasPrefix("unix://") { return endpoint }
    if endpoint.hasPrefix("/") { return "unix://" + endpoint }
    throw Failure("endpoint \(endpoint) is not a unix socket", hint: "write it as unix:///run/swiftlet/swiftlet.sock")
  }
}
