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
        var missing: [String] = []
        do throws(Expansion.TooLong) {
          subPath = try Expansion.expand(template, environment) { missing.append($0) }
        } catch {
          throw KubeletError(.invalidPod, reason: "CreateContainerConfigError", "subPathExpr of mount \(mount.mountPath): \(error)")
        }
        if !missing.isEmpty {
          throw KubeletError(
            .invalidPod, reason: "CreateContainerConfigError", "missing value for \"\(template)\" of mount \(mount.mountPath)")
        }
      }
      if !subPath.isEmpty {
        guard !subPath.hasPrefix("/"), !subPath.split(separator: "/").contains("..") else {
          throw KubeletError(
            .invalidPod, reason: "CreateContainerConfigError", "subPath \"\(subPath)\" must be relative and must not contain '..'")
        }
      }
      let place = mount.mountPath.hasPrefix("/") ? mount.mountPath : "/\(mount.mountPath)"
      if let image = volume as? ImageVolume {
        let spec = ImageSpec(image: image.reference, userSpecifiedImage: image.reference)
        mounts.append(RuntimeAPI.Mount(containerPath: place, readOnly: true, image: spec, imageSubPath: subPath))
        continue
      }
      if !subPath.isEmpty {
        let target = paths.subPath(volume: mount.name, container: container.name, index: index)
        subPaths.append(SubPath(root: path, path: subPath, target: target))
        path = target
      }
      let isReadOnly = mount.readOnly ?? false || volume.isReadOnly
      mounts.append(
        RuntimeAPI.Mount(
          containerPath: place, hostPath: path,
          readOnly: isReadOnly,
          recursiveReadOnly: isReadOnly && mount.isRecursivelyReadOnly,
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

extension VolumeMount {
  /// It is possible wherever a container can be made at all (`mount_setattr`).
  var isRecursivelyReadOnly: Bool { recursiveReadOnly == "Enabled" || recursiveReadOnly == "IfPossible" }
}
