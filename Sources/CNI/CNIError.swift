/// What went wrong with a configuration or a plugin, as a sentence.
public struct CNIError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// A file of the configuration directory cannot be used.
    case invalidConfiguration
    /// A plugin said so. Numbers below 100 are the specification's.
    case plugin(Int)
    /// No plugin of that name, or one that cannot be started.
    case noPlugin
    /// It took too long and was killed.
    case timedOut
    /// What the plugin answered is no answer.
    case invalidResult
  }
  public let code: Code
  public let description: String

  init(_ code: Code, _ description: String) { (self.code, self.description) = (code, description) }

  /// The plugin will do it when asked again: later. Source: CNI specification, "Error", code 11.
  public var isTemporary: Bool { code == .plugin(11) }
}
