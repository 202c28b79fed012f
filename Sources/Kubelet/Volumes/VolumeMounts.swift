internal import KubeModel
internal import RuntimeAPI

/// The mounts of a container from the pod's volumes.
enum VolumeMounts {
  /// Pure: places and flags.
  /// - Returns: mounts, and the parts of volumes that must be bound before.
  static func mounts(
    _ container: Container, volumes: [String: any PodVolume], environment: [String: String], paths: PodPaths
  ) throws(KubeletError) -> (mounts: [RuntimeAPI.Mount], subPaths: [SubPath]) {
    var mounts: [RuntimeAPI.Mount] = []
    var subPaths: [SubPath] = []
    for (index, mount) in (container.volumeMounts ?? []).enumerated() {
      guard let volume = volumes[mount.name] else {
        throw KubeletError(
          .invalidPod, reason: "CreateContainerConfigError",
          "container \(container.name) mounts volume \(mount.name), which the pod does not have")
      }
      var path = volume.hostPath
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
        let target = paths.subPath(volume: mount.name, container: container.name, index: index)
        subPaths.append(SubPath(root: path, path: subPath, target: target))
        path = target
      }
      let isReadOnly = mount.readOnly ?? false || volume.isReadOnly
      mounts.append(
        RuntimeAPI.Mount(
          containerPath: mount.mountPath.hasPrefix("/") ? mount.mountPath : "/\(mount.mountPath)", hostPath: path,
          readOnly: isReadOnly,
          recursiveReadOnly: isReadOnly && (mount.recursiveReadOnly == "Enabled" || mount.recursiveReadOnly == "IfPossible"),
          propagation: propagation(mount.mountPropagation)))
    }
    return (mounts, subPaths)
  }

  private static func propagation(_ text: String?) -> MountPropagation {
    switch text {
    case "HostToContainer": .hostToContainer
    case "Bidirectional": .bidirectional
    default: .private
    }
  }
}
