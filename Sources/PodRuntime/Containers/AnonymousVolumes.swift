import OCISpec
import RuntimeAPI

/// The places an image declares as volumes (`VOLUME`): each is writable whatever the root is, begins with what the image has there, is not
/// part of what the container wrote to its root, and goes with the container. All are parts of one overlay on the image's layers: nothing
/// is copied before it is changed.
enum AnonymousVolumes {
  /// Normal paths, without those that the container mounts something on.
  static func paths(_ image: ImageConfig, _ config: ContainerConfig) -> [String] {
    let mounted = Set(config.mounts.map { normal($0.containerPath) })
    let declared = (image.config?.volumes ?? [:]).keys.filter { !$0.utf8.contains(0) && $0.utf8.count < 4096 }.map(normal)
    // Many more than any image has; the container's own mounts need descriptors, too.
    return Set(declared).subtracting(mounted).filter { $0 != "/" && $0 != "/proc" && !$0.hasPrefix("/proc/") }.sorted().prefix(64)
      .map(\.self)
  }

  static func spec(_ path: String) -> MountSpec {
    MountSpec(destination: path, type: "bind", source: "/volume\(path)", options: ["rbind", "rprivate", "rw"])
  }

  private static func normal(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." { if part == ".." { _ = parts.popLast() } else { parts.append(part) } }
    return "/" + parts.joined(separator: "/")
  }
}
