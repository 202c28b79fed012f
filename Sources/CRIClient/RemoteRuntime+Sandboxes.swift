import CRIMapping
import CRIProto
public import RuntimeAPI

extension RemoteRuntime {
  public func runPodSandbox(_ config: SandboxConfig, handler: String) async throws(RuntimeError) -> SandboxID {
    var request = Runtime_V1_RunPodSandboxRequest()
    request.config = Runtime_V1_PodSandboxConfig(config)
    request.runtimeHandler = handler
    let response: Runtime_V1_RunPodSandboxResponse = try await runtimeCall("RunPodSandbox", request, timeout: timeout * 2)
    return SandboxID(response.podSandboxID)
  }

  public func stopPodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    var request = Runtime_V1_StopPodSandboxRequest()
    request.podSandboxID = id.rawValue
    let _: Runtime_V1_StopPodSandboxResponse = try await runtimeCall("StopPodSandbox", request)
  }

  public func removePodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    var request = Runtime_V1_RemovePodSandboxRequest()
    request.podSandboxID = id.rawValue
    let _: Runtime_V1_RemovePodSandboxResponse = try await runtimeCall("RemovePodSandbox", request)
  }

  public func podSandboxStatus(
    _ id: SandboxID, verbose: Bool
  ) async throws(RuntimeError) -> (status: SandboxStatus, info: [String: String]) {
    var request = Runtime_V1_PodSandboxStatusRequest()
    request.podSandboxID = id.rawValue
    request.verbose = verbose
    let response: Runtime_V1_PodSandboxStatusResponse = try await runtimeCall("PodSandboxStatus", request)
    var status = try SandboxStatus(response.status)
    let sandbox = status.id
    status.containers = try mapped(response.containersStatuses) { (container) throws(RuntimeError) in
      try ContainerStatus(container, sandboxID: sandbox)
    }
    status.timestamp = response.timestamp
    return (status, response.info)
  }

  public func updatePodSandboxResources(
    _ id: SandboxID, overhead: LinuxResources?, resources: LinuxResources?
  ) async throws(RuntimeError) {
    var request = Runtime_V1_UpdatePodSandboxResourcesRequest()
    request.podSandboxID = id.rawValue
    if let overhead { request.overhead = Runtime_V1_LinuxContainerResources(overhead) }
    if let resources { request.resources = Runtime_V1_LinuxContainerResources(resources) }
    let _: Runtime_V1_UpdatePodSandboxResourcesResponse = try await runtimeCall("UpdatePodSandboxResources", request)
  }

  public func listPodSandboxes(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxSummary] {
    var request = Runtime_V1_ListPodSandboxRequest()
    request.filter = Runtime_V1_PodSandboxFilter(filter)
    let response: Runtime_V1_ListPodSandboxResponse = try await runtimeCall("ListPodSandbox", request)
    return try mapped(response.items) { (item) throws(RuntimeError) in try SandboxSummary(item) }
  }

  public func podSandboxStats(_ id: SandboxID) async throws(RuntimeError) -> SandboxStats {
    var request = Runtime_V1_PodSandboxStatsRequest()
    request.podSandboxID = id.rawValue
    let response: Runtime_V1_PodSandboxStatsResponse = try await runtimeCall("PodSandboxStats", request)
    return SandboxStats(response.stats)
  }

  public func listPodSandboxStats(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxStats] {
    var request = Runtime_V1_ListPodSandboxStatsRequest()
    request.filter = Runtime_V1_PodSandboxStatsFilter(filter)
    let response: Runtime_V1_ListPodSandboxStatsResponse = try await runtimeCall("ListPodSandboxStats", request)
    return response.stats.map { SandboxStats($0) }
  }

  public func listMetricDescriptors() async throws(RuntimeError) -> [MetricDescriptor] {
    let response: Runtime_V1_ListMetricDescriptorsResponse = try await runtimeCall(
      "ListMetricDescriptors", Runtime_V1_ListMetricDescriptorsRequest())
    return response.descriptors.map { MetricDescriptor($0) }
  }

  public func listPodSandboxMetrics() async throws(RuntimeError) -> [SandboxMetrics] {
    let response: Runtime_V1_ListPodSandboxMetricsResponse = try await runtimeCall(
      "ListPodSandboxMetrics", Runtime_V1_ListPodSandboxMetricsRequest())
    return try mapped(response.podMetrics) { (metrics) throws(RuntimeError) in try SandboxMetrics(metrics) }
  }
}
