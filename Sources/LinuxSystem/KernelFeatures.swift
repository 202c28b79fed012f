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

  public init(overlayLayersByFsconfig: Bool, canRaiseLimits: Bool, appArmor: Bool) {
    self.overlayLayersByFsconfig = overlayLayersByFsconfig
    self.canRaiseLimits = canRaiseLimits
    self.appArmor = appArmor
  }

  public static func probe() -> KernelFeatures {
    KernelFeatures(
      overlayLayersByFsconfig: probeOverlay(), canRaiseLimits: hasCapability(24 /* CAP_SYS_RESOURCE */),
      appArmor: (try? readFile("/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") ?? false)
  }

  private static func probeOverlay() -> Bool {
    let context = unsafe cl_fsopen("overlay", 1 /* FSOPEN_CLOEXEC */)
    guard context >= 0 else { return false }
    let owned = OwnedDescriptor(adopting: context)
    // FSCONFIG_SET_STRING; an older kernel answers EINVAL for the unknown parameter.
    return owned.withRaw { raw in unsafe cl_fsconfig(raw, 1, "lowerdir+", "/", 0) } == 0
  }

  private static func hasCapability(_ number: UInt64) -> Bool {
    guard let status = try? readFile("/proc/self/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
      let mask = UInt64(line.dropFirst(7).filter(\.isHexDigit), radix: 16)
    else { return false }
    return mask & (1 << number) != 0
  }
}
