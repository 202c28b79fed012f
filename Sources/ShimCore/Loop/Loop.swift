import CLinux

/// epoll(7) for one thread. Sleeps without timeout: an idle pod causes no wake-up.
final class Loop {
  static let readable: UInt32 = 0x001
  static let priority: UInt32 = 0x002
  static let writable: UInt32 = 0x004

  private struct Slot {
    var generation: UInt32
    var handler: (() -> Void)?
  }

  private let epoll: Descriptor
  private var slots: [Slot] = []

  private init(_ epoll: consuming Descriptor) { self.epoll = epoll }
  static func make() throws(CallError) -> Loop {
    Loop(Descriptor(adopting: try check(cl_epoll_create(), "epoll_create1")))
  }

  /// Calls `handler` whenever `raw` is ready, until `remove`. Returns the token that names the watch.
  func add(_ raw: Int32, _ events: UInt32, _ handler: @escaping () -> Void) throws(CallError) -> UInt64 {
    var index = 0
    while index < slots.count, slots[index].handler != nil { index += 1 }
    if index == slots.count { slots.append(Slot(generation: 0, handler: nil)) }
    slots[index].generation &+= 1
    let token = UInt64(slots[index].generation) << 32 | UInt64(index)
    try check(cl_epoll_add(epoll.raw, raw, events, token), "epoll_ctl")
    slots[index].handler = handler
    return token
  }

  func modify(_ token: UInt64, _ raw: Int32, _ events: UInt32) { _ = cl_epoll_modify(epoll.raw, raw, events, token) }

  /// Before `raw` is closed: children may hold copies of it, which would keep the watch alive.
  func remove(_ token: UInt64, _ raw: Int32) {
    _ = cl_epoll_delete(epoll.raw, raw)
    let index = Int(token & 0xFFFF_FFFF)
    if slots[index].generation == UInt32(token >> 32) { slots[index].handler = nil }
  }

  func runOnce() {
    var events = [cl_event](repeating: cl_event(), count: 16)
    let count = unsafe cl_epoll_wait(epoll.raw, &events, 16)
    guard count > 0 else { return }
    for event in events[0..<Int(count)] {
      let slot = slots[Int(event.token & 0xFFFF_FFFF)]
      if slot.generation == UInt32(event.token >> 32) { slot.handler?() }
    }
  }
}
