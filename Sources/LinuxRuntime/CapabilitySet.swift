import CLibCap
public import OCISpec

/// Capabilities as bits by number. Names are libcap's, with or without `CAP_`, in any case.
public struct CapabilitySet: Equatable, Hashable, Sendable {
  public var mask: UInt64
  public init(mask: UInt64 = 0) { self.mask = mask }

  /// Every capability the running kernel knows.
  public static var all: CapabilitySet {
    let count = UInt64(max(0, min(63, cap_max_bits())))
    return CapabilitySet(mask: (1 << count) - 1)
  }

  /// What a container gets when nothing is said. Source: containerd and CRI-O, see Docker's documentation "Runtime privilege".
  public static let containerDefaultNames = [
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
    "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
  ]

  /// Unknown names are an error: dropping one silently would leave a container with more than its author asked for.
  public init(names: [String]) throws(LinuxRuntimeError) {
    mask = 0
    for name in names {
      let upper = name.uppercased()
      if upper == "ALL" || upper == "CAP_ALL" {
        mask |= Self.all.mask
        continue
      }
      let full = upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
      var number: cap_value_t = 0
      guard unsafe cap_from_name(full.lowercased(), &number) == 0, number >= 0, number < 64 else {
        throw LinuxRuntimeError(.capability, "'\(name)' is not the name of a capability (see capabilities(7))")
      }
      mask |= 1 << UInt64(number)
    }
  }

  /// `CAP_...` names in order of number.
  public var names: [String] {
    (0..<64).compactMap { number in
      guard mask & (1 << UInt64(number)) != 0 else { return nil }
      guard let text = unsafe cap_to_name(cap_value_t(number)) else { return nil }
      defer { unsafe cap_free(text) }
      return unsafe String(cString: text).uppercased()
    }
  }

  public func contains(_ name: String) -> Bool {
    guard let other = try? CapabilitySet(names: [name]) else { return false }
    return mask & other.mask == other.mask
  }

  /// The CRI rule: `ALL` in `drop` or `add` first, then the individual names, an individual add over an individual drop.
  ///
  /// `ALL` means `all`: what the runtime itself can pass on, which on a restricted node is less than what the kernel knows.
  public static func effective(
    base: CapabilitySet? = nil, add: [String] = [], drop: [String] = [], all: CapabilitySet = .all
  ) throws(LinuxRuntimeError) -> CapabilitySet {
    func isAll(_ name: String) -> Bool { ["ALL", "CAP_ALL"].contains(name.uppercased()) }
    var mask: UInt64
    if let base { mask = base.mask } else { mask = try CapabilitySet(names: containerDefaultNames).mask }
    if add.contains(where: isAll) { mask = all.mask }
    if drop.contains(where: isAll) { mask = 0 }
    if add.contains(where: isAll), drop.contains(where: isAll) { mask = all.mask }
    mask &= ~(try CapabilitySet(names: drop.filter { !isAll($0) }).mask)
    mask |= try CapabilitySet(names: add.filter { !isAll($0) }).mask
    return CapabilitySet(mask: mask)
  }

  /// The five sets of a container's process: inheritable stays empty (CVE-2022-24769) unless ambient needs it.
  public func spec(ambient: CapabilitySet = CapabilitySet()) -> CapabilitiesSpec {
    let held = CapabilitySet(mask: ambient.mask & mask)
    return CapabilitiesSpec(
      effective: names, bounding: names, inheritable: held.names, permitted: names, ambient: held.names)
  }
}
