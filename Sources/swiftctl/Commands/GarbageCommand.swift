import ArgumentParser
import CRIClient
import RuntimeAPI

struct GarbageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove layers and documents that no image and no container needs.",
    discussion:
      "Removing an image does so by itself; this is for what stayed because a container still needed it. Images stay: rmi removes them."
  )
  @OptionGroup var global: GlobalOptions
  @Flag(name: [.customShort("n"), .long], help: "Only say what would be removed.") var dryRun = false

  func run() async throws {
    for item in try await global.connectNode().collectGarbage(dryRun: dryRun) { Terminal.write("\(item.name)\n") }
  }
}
