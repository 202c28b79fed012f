import CLinux
import Glibc
import LinuxSystem

/// Keeps an import from filling the disk that databases and logs of this node live on.
struct FreeSpace {
  /// A directory on the file system in question.
  let directory: String
  /// What an import leaves free at the least: 16 MiB, or 2 % of a small disk.
  static let reserve: UInt64 = 16 << 20

  /// - Parameters:
  ///   - needed: bytes that are going to be written at the least.
  ///   - what: what they are, for the message.
  func require(_ needed: UInt64, for what: String) throws(ImageError) {
    let (available, reserve) = try measure()
    guard available < reserve || available - reserve < needed else { return }
    throw ImageError(
      .noSpace,
      """
      no space left on device: \(what) needs \(Self.text(needed)) or more in \(directory), which has \(Self.text(available)) free \
      (\(Self.text(reserve)) of it are left for the node)
      """)
  }

  /// - Parameter written: bytes of this work so far.
  func check(written: UInt64, of what: String) throws(ImageError) {
    let (available, reserve) = try measure()
    guard available < reserve else { return }
    throw Self.full(directory, written: written, what, free: available)
  }

  /// The sentence for a write that failed with ENOSPC.
  func full(written: UInt64, of what: String) -> ImageError {
    Self.full(directory, written: written, what, free: (try? measure().available) ?? 0)
  }

  private static func full(_ directory: String, written: UInt64, _ what: String, free: UInt64) -> ImageError {
    ImageError(
      .noSpace,
      """
      no space left on device: \(directory) has \(text(free)) free, and \(what) needs more than the \(text(written)) it has got: \
      remove images (swiftctl rmi) or give it a larger disk
      """)
  }

  private func measure() throws(ImageError) -> (available: UInt64, reserve: UInt64) {
    let directory = directory
    return try files("cannot measure \(directory)") {
      let folder = OwnedDescriptor(
        adopting: try systemCall("open", on: directory) { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
      var available: UInt64 = 0
      var total: UInt64 = 0
      _ = try folder.withRaw { raw throws(SystemCallError) in
        try kernelCall("fstatfs", on: directory) { unsafe cl_free_space(raw, &available, &total) }
      }
      return (available, min(Self.reserve, total / 50))
    }
  }

  private static func text(_ bytes: UInt64) -> String {
    bytes < 10 << 20 ? "\((bytes + 1023) >> 10) KiB" : bytes < 10 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
  }
}
