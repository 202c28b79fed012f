import LinuxSystem

/// Runs plugins: finds the program, gives it the configuration, and makes an answer or a sentence of what it says.
/// Source: CNI specification 1.1, section 2 and 4.
public struct PluginRunner: Sendable {
  public enum Command: String, Sendable {
    case add = "ADD"
    case delete = "DEL"
    case check = "CHECK"
    case status = "STATUS"
    case collectGarbage = "GC"
    case version = "VERSION"
  }

  /// Where programs are looked for, in order.
  public let directories: [String]
  /// What plugins get of the agent's environment: PATH, proxies, and whatever else an administrator gave the service.
  private let environment: [String]

  /// - Parameter environment: `NAME=value`.
  public init(directories: [String], environment: [String]) {
    self.directories = directories
    let own = ["CNI_", "NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_"]
    var passed = environment.filter { entry in !own.contains { entry.hasPrefix($0) } }
    if !passed.contains(where: { $0.hasPrefix("PATH=") }) { passed.append("PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin") }
    self.environment = passed
  }

  /// - Throws: when no directory has it.
  public func find(_ type: String) throws(CNIError) -> String {
    for directory in directories where isExecutable("\(directory)/\(type)") { return "\(directory)/\(type)" }
    throw CNIError(.noPlugin, "plugin \(type) is not in \(directories.joined(separator: ", "))")
  }

  /// One run.
  /// - Parameter attachment: nil: about the network, not about a pod.
  /// - Returns: what it said; nil: nothing.
  func run(
    _ command: Command, _ type: String, _ input: JSON, _ attachment: CNIAttachment?, until deadline: ContinuousClock.Instant
  ) async throws(CNIError) -> JSON? {
    let what = "plugin \(type) (\(command.rawValue))"
    let path = try await runBlocking { () throws(CNIError) in try find(type) }
    let run = ProgramRun(path: path, environment: environment + variables(command, attachment), input: Array(input.text.utf8))
    let output: ProgramRun.Output
    do throws(SystemCallError) { output = try await run.run(until: deadline) } catch {
      throw CNIError(.noPlugin, "\(what): cannot start \(path): \(error.reason)")
    }
    if output.isKilled { throw CNIError(.timedOut, "\(what) did not end in time and was killed\(Self.said(output.errors))") }
    guard output.status == 0 else { throw Self.failure(what, output) }
    // Others answer nothing; what a shell script says all the same is no answer. Source: libcni, which ignores it.
    guard command == .add || command == .version else { return nil }
    if output.output.count >= run.outputLimit {
      throw CNIError(.invalidResult, "\(what) answers with more than \(run.outputLimit) bytes")
    }
    if output.output.allSatisfy({ [0x20, 0x0a, 0x0d, 0x09].contains($0) }) { return nil }
    do { return try JSONParser.parse(output.output) } catch {
      throw CNIError(.invalidResult, "\(what) answers with what is no JSON: \(error)\(Self.said(output.errors))")
    }
  }

  private func variables(_ command: Command, _ attachment: CNIAttachment?) -> [String] {
    var variables = ["CNI_COMMAND=\(command.rawValue)", "CNI_PATH=\(directories.joined(separator: ":"))"]
    if let attachment {
      variables += [
        "CNI_CONTAINERID=\(attachment.containerID)", "CNI_NETNS=\(attachment.namespace)", "CNI_IFNAME=\(CNIAttachment.interface)",
        "CNI_ARGS=" + attachment.arguments.map { "\($0.name)=\($0.value)" }.joined(separator: ";"),
      ]
    }
    return variables
  }

  /// Source: specification, section 5, "Error": code, msg, details.
  private static func failure(_ what: String, _ output: ProgramRun.Output) -> CNIError {
    let ended = output.status > 128 ? "was ended by signal \(output.status - 128)" : "failed with status \(output.status)"
    guard let answer = try? JSONParser.parse(output.output), case .object = answer, let message = answer["msg"]?.string else {
      return CNIError(.plugin(0), "\(what) \(ended)\(said(output.errors.isEmpty ? output.output : output.errors))")
    }
    let details = answer["details"]?.string ?? ""
    return CNIError(
      .plugin(answer["code"]?.int ?? 0), "\(what) failed: \(bounded(message))" + (details.isEmpty ? "" : "; \(bounded(details))"))
  }

  /// The end of what it wrote for people, in one line.
  private static func said(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes.suffix(1024), as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " | ")
    return line.isEmpty ? "" : ": \(line)"
  }

  private static func bounded(_ text: String) -> String {
    text.utf8.count <= 2048 ? text : String(decoding: text.utf8.prefix(2048), as: UTF8.self) + "…"
  }
}
