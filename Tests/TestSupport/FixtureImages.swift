import Foundation

/// The image archives that `make fixtures` builds: `busybox`, `payload`, `web`, `volumes`.
package enum FixtureImages {
  package struct Missing: Error, CustomStringConvertible {
    package var description: String { "SWIFTLET_FIXTURES does not name the directory of test images: run `make fixtures`" }
  }

  package static func path(_ name: String) throws -> String {
    guard let directory = ProcessInfo.processInfo.environment["SWIFTLET_FIXTURES"] else { throw Missing() }
    return "\(directory)/\(name).tar"
  }
}
