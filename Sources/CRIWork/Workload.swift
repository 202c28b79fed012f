/// What is done to a runtime while it is timed.
package struct Workload: Sendable {
  package var image = ""
  /// Where volumes and logs of the pods go.
  package var directory = ""
  /// Sandboxes without a container.
  package var pauseOnly = false
  /// Pods in the host's network namespace.
  package var hostNetwork = false
  package var cgroupParent = ""
  package var command = ["sleep", "1000000"]

  package init() {}
}
