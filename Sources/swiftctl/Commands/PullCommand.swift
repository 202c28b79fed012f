import ArgumentParser
import FoundationEssentials
import RuntimeAPI

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Get an image from its registry.",
    discussion: "Credentials come from --creds, --auth, the environment variable CRICTL_CREDS, else from the agent's config.json.")
  @OptionGroup var global: GlobalOptions
  @Option(help: "USER:PASSWORD for the registry. Others on this machine can read it here: the environment is a better place.")
  var creds: String?
  @Option(help: "The same in base64, as in a config.json.") var auth: String?
  @Flag(name: .shortAndLong, help: "No progress.") var quiet = false
  @Argument(help: "Name, tag or digest: busybox, docker.io/library/busybox:1.36, me.example:5000/app@sha256:...") var image: String

  func run() async throws {
    let auth = try credentials(environment: ProcessInfo.processInfo.environment["CRICTL_CREDS"])
    do {
      var bar = ProgressBar()
      var rate = TransferRate()
      for try await progress in try await global.connectNode().pullImage(image, auth: auth) {
        if progress.done {
          bar.clear()
          report(progress.imageID)
        } else if !quiet {
          rate.add(progress.bytesDone, at: .now)
          bar.show(progress.stage, done: progress.bytesDone, total: progress.bytesTotal, rate.text(total: progress.bytesTotal))
        }
      }
    } catch let error as RuntimeError where error.code == .unimplemented {
      // Another runtime: it pulls, and does not say how far it is.
      report(try await global.connect().pullImage(ImageSpec(image: image), auth: auth, sandbox: nil).rawValue)
    }
  }

  private func report(_ id: String) { Terminal.write("Image is up to date for \(id)\n") }

  func credentials(environment: String?) throws -> RegistryAuth? {
    guard creds == nil || auth == nil else { throw ValidationError("--creds and --auth say the same: give one of them") }
    if let auth { return RegistryAuth(auth: auth) }
    guard let pair = creds ?? environment, !pair.isEmpty else { return nil }
    guard let colon = pair.firstIndex(of: ":") else { throw ValidationError("credentials are USER:PASSWORD") }
    return RegistryAuth(username: String(pair[..<colon]), password: String(pair[pair.index(after: colon)...]))
  }
}
