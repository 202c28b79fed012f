internal import KubeModel
internal import LinuxSystem
internal import RuntimeAPI

/// The mounts of a container from the pod's volumes.
enum VolumeMounts {
  /// Pure: places and flags.
  /// - Returns: mounts and the subPath directories that must exist before, as (volume root, relative path).
  static func mounts(
    _ container: Container, volumes: [String: String], environment: [String: String]
  ) throws(KubeletError) -> (mounts: [RuntimeAPI.Mount], subPaths: [(root: String, path: String)]) {
    var mounts: [RuntimeAPI.Mount] = []
    var subPaths: [(root: String, path: String)] = []
    for mount in container.volumeMounts ?? [] {
      guard var path = volumes[mount.name] else {
        throw KubeletError(
          .invalidPod, reason: "CreateContainerConfigError",
          "container \(container.name) mounts volume \(mount.name), which the pod does not have")
      }
      var subPath = mount.subPath ?? ""
      if let template = mount.subPathExpr {
        do throws(Expansion.TooLong) {
          subPath = try Expansion.expand(template, environment)
        } catch {
          throw KubeletError(.invalidPod, reason: "CreateContainerConfigError", "subPathExpr of mount \(mount.mountPath): \(error)")
        }
      }
      if !subPath.isEmpty {
        if mount.subPathExpr != nil, subPath.contains("$(") {
          throw KubeletError(
            .invalidPod, reason: "CreateContainerConfigError",
            "missing value for \"\(mount.subPathExpr ?? "")\" of mount \(mount.mountPath)")
        }
        guard !subPath.hasPrefix("/"), !subPath.split(separator: "/").contains("..") else {
          throw KubeletError(
            .invalidPod, reason: "CreateContainerConfigError", "subPath \"\(subPath)\" must be relative and must not contain '..'")
        }
        subPaths.append((path, subPath))
        path += "/\(subPath)"
      }
      let isReadOnly = mount.readOnly ?? false
      mounts.append(
        RuntimeAPI.Mount(
          containerPath: mount.mountPath.hasPrefix("/") ? mount.mountPath : "/\(mount.mountPath)", hostPath: path,
          readOnly: isReadOnly,
          recursiveReadOnly: isReadOnly && (mount.recursiveReadOnly == "Enabled" || mount.recursiveReadOnly == "IfPossible"),
          propagation: propagation(mount.mountPropagation)))
    }
    return (mounts, subPaths)
  }

  /// Makes the directories of subPaths. A symlink on the way is refused: it could lead out of the volume (CVE-2017-1002101).
  static func prepare(_ subPaths: [(root: String, path: String)]) throws(KubeletError) {
    for (root, path) in subPaths {
      var current = root
      do {
        for part in path.split(separator: "/") where part != "." {
          current += "/\(part)"
          switch try HostFiles.facts(current, followsLink: false)?.kind {
          case nil: try HostFiles.makeDirectory(current, mode: 0o750)
          case .symlink:
            throw KubeletError(
              .volume, reason: "CreateContainerConfigError", "subPath \(path) of \(root) leads through the symbolic link \(current)"
            )
          default: break
          }
        }
      } catch let error as KubeletError {
        throw error
      } catch {
        throw KubeletError(
          .volume, reason: "CreateContainerConfigError", "failed to prepare subPath \(path) of \(root)", cause: error)
      }
    }
  }

  private static func propagation(_ text: String?) -> MountPropagation {
    switch text {
    case "HostToContainer": .hostToContainer
    case "Bidirectional": .bidirectional
    default: .private
    }
  }
}
