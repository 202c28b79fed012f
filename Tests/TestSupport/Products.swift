import Foundation

/// What the build made, beside the test program.
package enum Products {
  package static let directory = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

  package static func path(_ name: String) -> String { "\(directory)/\(name)" }
}
