import LinuxSystem

/// What the plugins of a configuration do together. Source: CNI specification 1.1, section 3 ("Lifecycle & Ordering"), and libcni.
public struct CNIChain: Sendable {
  public let configuration: CNIConfiguration
  let runner: PluginRunner

  public init(_ configuration: CNIConfiguration, _ runner: PluginRunner) {
    (self.configuration, self.runner) = (configuration, runner)
  }

  private var version: CNIVersion { configuration.version }

  /// In order, each with the result of the one before. After a failure nothing is taken back: `delete` does that.
  public func add(_ attachment: CNIAttachment, until deadline: ContinuousClock.Instant) async throws(CNIError) -> CNIResult {
    var result: JSON?
    for plugin in configuration.plugins {
      let input = input(plugin, attachment, previous: result)
      guard let answer = try await runner.run(.add, plugin.type, input, attachment, until: deadline) else {
        throw CNIError(.invalidResult, "plugin \(plugin.type) (ADD) answers with no result")
      }
      // Some leave the version out, which the next one needs to read it.
      result = answer["cniVersion"] == nil ? answer.with(("cniVersion", .string("\(version)"))) : answer
    }
    return try CNIResult(result ?? .null, interface: CNIAttachment.interface)
  }

  /// In reverse. What one cannot take back does not keep the others from theirs; the first failure is thrown.
  /// - Parameter result: of the ADD, as far as it got; the namespace may be gone.
  /// - Parameter limit: for each plugin.
  public func delete(_ attachment: CNIAttachment, result: JSON?, each limit: Duration) async throws(CNIError) {
    var first: CNIError?
    for plugin in configuration.plugins.reversed() {
      let input = input(plugin, attachment, previous: version >= .check ? result : nil)
      do throws(CNIError) {
        _ = try await runner.run(.delete, plugin.type, input, attachment, until: .now + limit)
      } catch {
        if !Self.hadNothing(error, result) { first = first ?? error }
      }
    }
    if let first { throw first }
  }

  /// A plugin that does not know the configuration's version (code 1) did nothing in the ADD either; nor did one that is missing, when the
  /// ADD did not come to its end.
  private static func hadNothing(_ error: CNIError, _ result: JSON?) -> Bool {
    error.code == .plugin(1) || error.code == .noPlugin && result == nil
  }

  /// Whether the attachment is as its ADD left it; nothing where the configuration wants no check or is older than it.
  public func check(_ attachment: CNIAttachment, result: JSON?, until deadline: ContinuousClock.Instant) async throws(CNIError) {
    guard version >= .check, !configuration.disablesCheck else { return }
    for plugin in configuration.plugins {
      _ = try await runner.run(
        .check, plugin.type, input(plugin, attachment, previous: result), attachment, until: deadline)
    }
  }

  /// Whether pods can be attached; before 1.1 nobody can be asked.
  public func status(until deadline: ContinuousClock.Instant) async throws(CNIError) {
    guard version >= .status else { return }
    for plugin in configuration.plugins {
      _ = try await runner.run(.status, plugin.type, input(plugin), nil, until: deadline)
    }
  }

  /// Lets plugins give back what belongs to no attachment of this network but these.
  public func collectGarbage(keeping ids: [String], until deadline: ContinuousClock.Instant) async throws(CNIError) {
    guard version >= .status, !configuration.disablesGC else { return }
    let valid = JSON.array(
      ids.sorted().map { .object(("containerID", .string($0)), ("ifname", .string(CNIAttachment.interface))) })
    var first: CNIError?
    for plugin in configuration.plugins {
      // The second name is one that an early text of the specification used.
      let input = input(plugin).with(("cni.dev/valid-attachments", valid), ("cni.dev/attachments", valid))
      do throws(CNIError) {
        _ = try await runner.run(.collectGarbage, plugin.type, input, nil, until: deadline)
      } catch {
        first = first ?? error
      }
    }
    if let first { throw first }
  }

  /// That every plugin is there and knows this version of the specification.
  public func validate(until deadline: ContinuousClock.Instant) async throws(CNIError) {
    for plugin in configuration.plugins {
      let input = JSON.object(("cniVersion", .string("\(version)")))
      let answer = try await runner.run(.version, plugin.type, input, nil, until: deadline)
      // One that does not say is of the first specification.
      let versions = answer?["supportedVersions"]?.array?.compactMap(\.string) ?? ["\(CNIVersion.unsaid)"]
      guard versions.contains(where: { CNIVersion($0) == version }) else {
        throw CNIError(
          .invalidConfiguration,
          "plugin \(plugin.type) does not know CNI \(version) of network \(configuration.name): it has \(versions.joined(separator: ", "))"
        )
      }
    }
  }

  // MARK: Input

  /// A plugin's own configuration with what the list and the runtime add.
  private func input(_ plugin: CNIConfiguration.Plugin, _ attachment: CNIAttachment? = nil, previous: JSON? = nil) -> JSON {
    plugin.configuration.with(
      ("name", .string(configuration.name)), ("cniVersion", .string("\(version)")),
      // Only in lists of the runtime's: a plugin's own is not passed on.
      ("cniVersions", nil),
      ("runtimeConfig", attachment.flatMap { runtimeConfig(plugin, $0) }), ("prevResult", previous))
  }

  private func runtimeConfig(_ plugin: CNIConfiguration.Plugin, _ attachment: CNIAttachment) -> JSON? {
    guard case .object(let fields) = attachment.capabilities else { return nil }
    let wanted = fields.filter { plugin.has($0.name) }
    return wanted.isEmpty ? nil : .object(wanted)
  }
}
