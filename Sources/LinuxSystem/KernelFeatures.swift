import CLinux
import Glibc

/// What this kernel and this process can do, found out by trying, once at start.
public struct KernelFeatures: Sendable {
  /// overlayfs takes one layer at a time through fsconfig `lowerdir+` (Linux 6.5); else all layers must fit one mount(2) page.
  public let overlayLayersByFsconfig: Bool
  /// CAP_SYS_RESOURCE is effective: rlimits can be raised and oom_score_adj lowered.
  public let canRaiseLimits: Bool
  /// AppArmor is enabled.
  public let appArmor: Bool
  /// What this process can pass on, bits by capability number: in its permitted and its bounding set.
  public let capabilities: UInt64

  public init(overlayLayersByFsconfig: Bool, canRaiseLimits: Bool, appArmor: Bool, capabilities: UInt64) {
    self.overlayLayersByFsconfig = overlayLayersByFsconfig
    self.canRaiseLimits = canRaiseLimits
    self.appArmor = appArmor
    self.capabilities = capabilities
  }

  public static func probe() -> KernelFeatures {
    KernelFeatures(
      overlayLayersByFsconfig: probeOverlay(), canRaiseLimits: capabilities("CapEff") & 1 << 24 /* CAP_SYS_RESOURCE */ != 0,
      appArmor: (try? readFile("/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") ?? false,
      capabilities: capabilities("CapPrm") & capabilities("CapBnd"))
  }

  private static func probeOverlay() -> Bool {
    let context = unsafe cl_fsopen("overlay", 1 /* FSOPEN_CLOEXEC */)
    guard context >= 0 else { return false }
    let owned = OwnedDescriptor(adopting: context)
    // FSCONFIG_SET_STRING. A kernel that knows the parameter looks the path up at once; an older one keeps any text until the mount.
    return owned.withRaw { raw in unsafe cl_fsconfig(raw, 1, "lowerdir+", "/nothing-here/swiftlet", 0) } == -ENOENT
  }

  /// One of the sets in proc_pid_status(5), `CapEff` for example; 0 when it cannot be read.
  private static func capabilities(_ set: String) -> UInt64 {
    guard let status = try? readFile("/proc/self/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(set + ":") })
    else { return 0 }
    return UInt64(line.dropFirst(set.count + 1).filter(\.isHexDigit), radix: 16) ?? 0
  }
}
