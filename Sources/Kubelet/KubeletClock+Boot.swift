internal import LinuxSystem
internal import Store

extension KubeletClock {
  /// The clock of this boot: every agent of a boot has the same scale, so that a moment written down by one means the same to the next,
  /// whatever happened to the date in between.
  static func ofThisBoot(_ store: Store) -> KubeletClock {
    let documents = Documents("kubelet-clock", in: store)
    let boot =
      (try? readRegularFile("/proc/sys/kernel/random/boot_id", limit: 100)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    if !boot.isEmpty, let row = try? documents.get("offset"), row.parent == boot,
      let offset = Int64(String(decoding: row.bytes, as: UTF8.self))
    {
      return steady(offset: offset)
    }
    let offset = wallClockNanoseconds() - bootClockNanoseconds()
    // Not written: the next agent takes the date again, as it would after a boot.
    try? documents.put(id: "offset", parent: boot, bytes: Array("\(offset)".utf8))
    return steady(offset: offset)
  }
}
