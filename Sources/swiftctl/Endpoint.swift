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
    return try configured("runtime-endpoint", configPath).map(checked) ?? standard
  }

  /// Seconds to wait for an answer: the flag, else crictl's config file, else half a minute.
  static func timeout(flag: Double?, configPath: String = configPath) throws -> Double {
    if let flag { return flag }
    guard let text = try configured("timeout", configPath) else { return 30 }
    guard let seconds = Double(text), seconds > 0, seconds <= 1_000_000 else {
      throw Failure("timeout: \(text) in \(configPath) is no number of seconds above 0")
    }
    return seconds
  }

  /// What crictl's config file says; nil: nothing.
  private static func configured(_ key: String, _ configPath: String) throws -> String? {
    guard let text = try? String(contentsOfFile: configPath, encoding: .utf8) else { return nil }
    do throws(SyntaxError) {
      return try value(of: key, in: text).flatMap { $0.isEmpty ? nil : $0 }
    } catch {
      throw Failure(
        "cannot read \(configPath): line \(error.mark.line): \(error.message)",
        hint: "it is a flat YAML map, e.g. runtime-endpoint: \(standard)")
    }
  }

  /// A scalar of a flat YAML map; nil when it is not there.
  private static func value(of key: String, in text: String) throws(SyntaxError) -> String? {
    guard case .mapping(let map) = try Parser(text).nextDocument() else { return nil }
    return map.entries.first { $0.key.scalar?.string == key }?.value.scalar?.string
  }

  static func checked(_ endpoint: String) throws -> String {
    if endpoint.hasPrefix("unix://") { return endpoint }
    if endpoint.hasPrefix("/") { return "unix://" + endpoint }
    throw Failure("endpoint \(endpoint) is not a unix socket", hint: "write it as unix:///run/swiftlet/swiftlet.sock")
  }
}
