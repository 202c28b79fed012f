internal import KubeModel
internal import RuntimeAPI

/// What a status says besides the containers.
struct StatusContext: Sendable {
  /// The runtime's name, the scheme of container ids: `swiftlet://<id>`.
  var runtimeName: String
  var hostIPs: [String]
}

/// Makes `PodStatus` from what was observed; the previous status gives transition times and what must not change any more.
/// Source: kubelet `generateAPIPodStatus`.
enum PodStatusBuilder {
  /// - Parameters:
  ///   - now: a moment of `KubeletClock.now`.
  ///   - date: CLOCK_REALTIME, for what is shown; nil: the same.
  static func status(
    _ pod: Pod, _ observed: Observed, context: StatusContext, previous: PodStatus, now: Int64, date: Int64? = nil
  ) -> PodStatus {
    let date = date ?? now
    var status = PodStatus()
    status.phase = phase(pod, observed, previous: previous).rawValue
    status.qosClass = previous.qosClass ?? pod.qosClass.rawValue
    status.startTime = Time(sinceEpoch: observed.startDate == 0 ? observed.startedAt : observed.startDate)
    status.observedGeneration = pod.metadata.generation
    status.reason = observed.termination?.reason
    status.message = observed.termination?.message
    status.hostIP = context.hostIPs.first
    status.hostIPs = context.hostIPs.isEmpty ? nil : context.hostIPs.map { HostIP(ip: $0) }
    let ips = pod.isHostNetwork ? context.hostIPs : observed.podIPs
    status.podIP = ips.first
    status.podIPs = ips.isEmpty ? nil : ips.map { PodIP(ip: $0) }
    let builder = ContainerStatusBuilder(pod: pod, observed: observed, context: context, now: now)
    let initial = pod.initContainers.map { builder.status($0, role: $0.isSidecar ? .sidecar : .initialization) }
    status.initContainerStatuses = initial.isEmpty ? nil : initial
    status.containerStatuses = pod.spec.containers.map { builder.status($0, role: .app) }.sorted { $0.name < $1.name }
    // Of the pod as a whole, where it asks for itself. Source: KEP-5419.
    if let own = pod.spec.resources {
      status.resources = ResourceRequirements(limits: own.limits, requests: own.requests)
      status.allocatedResources = own.requests
    }
    status.conditions = PodConditions(pod: pod, observed: observed, status: status, previous: previous, now: date).all
    return status
  }

  /// Terminal is sticky, and withheld until nothing runs any more.
  private static func phase(_ pod: Pod, _ observed: Observed, previous: PodStatus) -> PodPhase {
    if let old = previous.phase.flatMap(PodPhase.init(rawValue:)), old.isTerminal { return old }
    let computed = PodPhase.of(pod, observed)
    guard let termination = observed.termination else { return computed.isTerminal && !observed.live.isEmpty ? .running : computed }
    guard observed.live.isEmpty else { return .running }
    if termination.reason != nil { return .failed }
    // A pod deleted before anything ran has failed.
    return computed.isTerminal ? computed : .failed
  }
}
