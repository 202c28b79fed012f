import KubeModel
import PodNetwork
import YAML

/// The file that `--config` names with `--runtime-only`: what the flags of the runtime say, for a service. It knows no kubelet.
///
/// Each field is a flag, so that both have one meaning and one default; flags on the command line come after those of the file.
struct RuntimeConfiguration {
  static let apiVersion = "swiftlet.dev/v1"
  static let kind = "RuntimeConfiguration"

  /// For the command line, in front of what is written there.
  private(set) var arguments: [String] = []
  /// What has no flag.
  private(set) var kubelet = KubeletConfiguration()

  private enum Meaning {
    case text(flag: String)
    case number(flag: String, ClosedRange<Int>)
    /// The flag that says something else than the default.
    case yes(flag: String)
    case no(flag: String)
    case podCIDR, oomScore, resolvConf, streamingIdle
  }

  /// Of everything but apiVersion and kind.
  static var fields: [String] { meanings.keys.sorted() }

  private static let meanings: [String: Meaning] = [
    "rootDir": .text(flag: "--root-dir"), "stateDir": .text(flag: "--state-dir"), "criSocket": .text(flag: "--cri-socket"),
    "criSocketGroup": .text(flag: "--cri-socket-group"), "cgroupRoot": .text(flag: "--cgroup-root"),
    "bridge": .text(flag: "--bridge"), "podCIDR": .podCIDR, "preparedNetworks": .number(flag: "--prepared-networks", 0...64),
    "podNetwork": .text(flag: "--pod-network"), "cniConfDir": .text(flag: "--cni-conf-dir"),
    "cniBinDir": .text(flag: "--cni-bin-dir"), "unprivilegedPorts": .no(flag: "--no-unprivileged-ports"),
    "imageDir": .text(flag: "--image-dir"),
    "registryHosts": .text(flag: "--registry-hosts"), "registryCredentials": .text(flag: "--registry-credentials"),
    "imagePullProgressDeadline": .number(flag: "--image-pull-progress-deadline", 1...86_400),
    "streamingAddress": .text(flag: "--streaming-address"), "streamingPort": .number(flag: "--streaming-port", 0...65_535),
    "streamingTLSCertFile": .text(flag: "--streaming-tls-cert-file"),
    "streamingTLSPrivateKeyFile": .text(flag: "--streaming-tls-private-key-file"),
    "streamingConnectionIdleTimeout": .streamingIdle, "stopPodsOnExit": .yes(flag: "--stop-pods-on-exit"),
    "verbosity": .number(flag: "-v", 0...10), "oomScoreAdj": .oomScore, "resolvConf": .resolvConf,
  ]

  /// Whether a file is one of these, by its kind; nil: it cannot be told.
  static func isOne(_ bytes: [UInt8]) -> Bool? {
    guard case .mapping(let mapping)? = try? Parser(String(decoding: bytes, as: UTF8.self)).nextDocument() else { return nil }
    return mapping.entries.first { $0.key.scalar?.string == "kind" }.map { $0.value.scalar?.string == Self.kind }
  }

  /// Strict: what is not known, is there twice or has a wrong value is an error with its place.
  init(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
    var errors: [ManifestError] = []
    func fail(_ mark: Mark?, _ path: String, _ message: String) {
      errors.append(ManifestError(file: file, line: mark?.line ?? 0, column: mark?.column ?? 0, path: path, message: message))
    }
    do throws(SyntaxError) {
      let parser = Parser(String(decoding: bytes, as: UTF8.self))
      if case .mapping(let document)? = try parser.nextDocument() {
        for (key, value) in document.entries {
          let name = key.scalar?.string ?? ""
          do throws(WrongValue) { try read(name, value) } catch { fail(error.isName ? key.mark : value.mark, name, error.message) }
        }
      } else {
        fail(nil, "", "expected a mapping with apiVersion: \(Self.apiVersion) and kind: \(Self.kind)")
      }
      if let second = try parser.nextDocument() { fail(second.mark, "", "expected one document") }
    } catch {
      fail(error.mark, "", error.message)
    }
    if !errors.isEmpty { throw ConfigurationErrors(errors: errors) }
  }

  private struct WrongValue: Error {
    let message: String
    var isName = false
  }

  private mutating func read(_ name: String, _ node: YAMLNode) throws(WrongValue) {
    if name == "apiVersion" || name == "kind" {
      let expected = name == "kind" ? Self.kind : Self.apiVersion
      guard node.scalar?.string == expected else { throw WrongValue(message: "expected \(expected)") }
      return
    }
    guard let meaning = Self.meanings[name] else {
      throw WrongValue(message: "unknown field; there are \(Self.fields.joined(separator: ", "))", isName: true)
    }
    switch meaning {
    case .text(let flag): arguments += [flag, try text(node)]
    case .number(let flag, let range): arguments += [flag, "\(try number(node, range))"]
    case .yes(let flag): if try bool(node) { arguments.append(flag) }
    case .no(let flag): if try !bool(node) { arguments.append(flag) }
    case .podCIDR:
      let value = try text(node)
      do { _ = try BridgeNetworkSettings(bridgeName: "b", podCIDR: value) } catch { throw WrongValue(message: error.message) }
      arguments += ["--pod-cidr", value]
    case .oomScore: kubelet.oomScoreAdj = try number(node, -1000...1000)
    case .resolvConf: kubelet.resolvConf = try text(node)
    case .streamingIdle:
      guard let duration = KubeDuration(try text(node)) else { throw WrongValue(message: "expected a duration such as 4h") }
      kubelet.streamingConnectionIdleTimeout = duration
    }
  }

  private func text(_ node: YAMLNode) throws(WrongValue) -> String {
    guard let text = node.scalar?.string, !text.isEmpty else { throw WrongValue(message: "expected a text") }
    return text
  }

  private func number(_ node: YAMLNode, _ range: ClosedRange<Int>) throws(WrongValue) -> Int {
    guard let scalar = node.scalar, scalar.style == .plain, let number = Int(scalar.string), range.contains(number) else {
      throw WrongValue(message: "expected a number between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  private func bool(_ node: YAMLNode) throws(WrongValue) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain, let value = Bool(scalar.string) else {
      throw WrongValue(message: "expected true or false")
    }
    return value
  }
}
