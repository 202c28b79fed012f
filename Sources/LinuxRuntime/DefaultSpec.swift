public import OCISpec

/// Building blocks of a container's specification: what every container has unless it says otherwise.
public enum DefaultSpec {
  public static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// Source: runtime-spec config-linux.md, "Default Devices".
  public static let devices: [DeviceSpec] = [
    DeviceSpec(type: "c", path: "/dev/null", major: 1, minor: 3, fileMode: 0o666),
    DeviceSpec(type: "c", path: "/dev/zero", major: 1, minor: 5, fileMode: 0o666),
    DeviceSpec(type: "c", path: "/dev/full", major: 1, minor: 7, fileMode: 0o666),
    DeviceSpec(type: "c", path: "/dev/random", major: 1, minor: 8, fileMode: 0o666),
    DeviceSpec(type: "c", path: "/dev/urandom", major: 1, minor: 9, fileMode: 0o666),
    DeviceSpec(type: "c", path: "/dev/tty", major: 5, minor: 0, fileMode: 0o666),
  ]

  /// Made in /dev in this order. Source: runtime-spec runtime-linux.md, "Dev symbolic links".
  static let deviceLinks: [(path: String, target: String)] = [
    ("/dev/ptmx", "pts/ptmx"), ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"), ("/dev/core", "/proc/kcore"),
  ]

  /// Access to the default devices, pseudo terminals included; every other device is denied first.
  public static let deviceRules: [ResourcesSpec.DeviceRule] =
    [
      ResourcesSpec.DeviceRule(allow: false, access: "rwm"),
      ResourcesSpec.DeviceRule(allow: true, type: "c", access: "m"), ResourcesSpec.DeviceRule(allow: true, type: "b", access: "m"),
    ]
    + devices.map {
      .init(allow: true, type: $0.type, major: $0.major.map(Int64.init), minor: $0.minor.map(Int64.init), access: "rwm")
    }
    + [
      ResourcesSpec.DeviceRule(allow: true, type: "c", major: 136, access: "rwm"),
      ResourcesSpec.DeviceRule(allow: true, type: "c", major: 5, minor: 2, access: "rwm"),
    ]

  /// - Parameters:
  ///   - sharedMemory: host directory bound on /dev/shm (the pod's tmpfs, or the host's); nil: a tmpfs of the container's own.
  ///   - privileged: /sys and the cgroup file system are writable.
  ///   - cgroup: mount cgroup2 on /sys/fs/cgroup.
  public static func mounts(sharedMemory: String?, privileged: Bool, cgroup: Bool) -> [MountSpec] {
    let access = privileged ? "rw" : "ro"
    var mounts = [
      MountSpec(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
      MountSpec(destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access]),
    ]
    if cgroup {
      mounts.append(
        MountSpec(
          destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup",
          options: ["nosuid", "noexec", "nodev", "relatime", access]))
    }
    mounts += [
      MountSpec(
        destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      MountSpec(
        destination: "/dev/pts", type: "devpts", source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
      MountSpec(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
    ]
    if let sharedMemory {
      mounts.append(
        MountSpec(
          destination: "/dev/shm", type: "bind", source: sharedMemory, options: ["rbind", "rprivate", "nosuid", "nodev", "noexec"]))
    } else {
      mounts.append(
        MountSpec(
          destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"])
      )
    }
    return mounts
  }
}
