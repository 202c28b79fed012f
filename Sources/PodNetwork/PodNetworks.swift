import Netlink
import Synchronization

/// The networks that pods get addresses of, and those that pods still have addresses of from before they were changed. Every part of a
/// bridge network looks here, so that a change is one step for all.
final class PodNetworks: Sendable {
  struct Value: Sendable {
    /// As it was asked for.
    var podCIDR: String
    var current: [IPNetwork]
    var former: [IPNetwork] = []
    /// The current ones first.
    var all: [IPNetwork] { current + former }
  }
  private let state: Mutex<Value>

  init(podCIDR: String, _ networks: [IPNetwork]) { state = Mutex(Value(podCIDR: podCIDR, current: networks)) }

  var value: Value {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
