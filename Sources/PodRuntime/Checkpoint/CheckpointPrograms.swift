import LinuxSystem
import RuntimeAPI

/// The programs of the host that a checkpoint needs.
struct CheckpointPrograms: Sendable {
  var criu: String
  var tar: String
  var nsenter: String

  private static let directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

  /// - Throws: `.failedPrecondition` that names what to install.
  static func find(in directories: [String] = directories) throws(RuntimeError) -> Self {
    func path(_ name: String, package: String? = nil) throws(RuntimeError) -> String {
      for directory in directories where FileFacts.at("\(directory)/\(name)", followsLink: true)?.kind == .file {
        return "\(directory)/\(name)"
      }
      throw RuntimeError(
        .failedPrecondition,
        "checkpoints are made by the program \(name), which this node does not have: install the package \(package ?? name)")
    }
    return Self(criu: try path("criu"), tar: try path("tar"), nsenter: try path("nsenter", package: "util-linux"))
  }
}
