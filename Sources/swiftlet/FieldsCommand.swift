import ArgumentParser
import KubeModel

/// Writes the reference page of a pod's fields: for `make docs`.
struct FieldsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pod-fields", abstract: "What each field of a pod does here, as Markdown.", shouldDisplay: false)

  func run() throws { throw CleanExit.message(FieldSupport.markdown) }
}
