internal import KubeModel
internal import RuntimeAPI

/// What a worker tells about its pod: its status to readers, its record to the next agent.
struct WorkerJournal {
  private let services: PodServices
  /// Called with every change of the pod's status.
  private let publish: @Sendable (Pod) -> Void
  private(set) var status: PodStatus
  private var isPublished = false
  private var facts: PodFacts?
  private var isClosed = false

  init(_ services: PodServices, status: PodStatus, publish: @escaping @Sendable (Pod) -> Void) {
    self.services = services
    self.status = status
    self.publish = publish
  }

  /// The pod itself, as it will have to be ended.
  func write(_ pod: Pod) { if !isClosed { services.records.put(pod.podUID, pod: pod) } }

  mutating func write(_ pod: inout Pod, _ observed: Observed, reading: ClockReading) {
    let context = StatusContext(runtimeName: services.runtimeName, hostIPs: services.node.hostIPs)
    let new = PodStatusBuilder.status(
      pod, observed, context: context, previous: status, now: reading.now, date: reading.wall)
    if new != status || !isPublished {
      (status, isPublished) = (new, true)
      pod.status = new
      publish(pod)
    }
    if isClosed { return }
    let facts = PodFacts(observed, status: status)
    if facts != self.facts {
      self.facts = facts
      services.records.put(pod.podUID, facts: facts)
    }
  }

  /// The pod changed in what readers see besides its status.
  mutating func invalidate() { isPublished = false }

  /// The record is being removed: nothing may bring it back.
  mutating func close() { isClosed = true }
}
