import CRIMapping
import CRIProto
public import RuntimeAPI

extension RemoteRuntime {
  public func createContainer(
    _ config: ContainerConfig, in sandbox: SandboxID, sandboxConfig: SandboxConfig
  ) async throws(RuntimeError) -> ContainerID {
    var request = Runtime_V1_CreateContainerRequest()
    request.podSandboxID = sandbox.rawValue
    request.config = Runtime_V1_ContainerConfig(config)
    request.sandboxConfig = Runtime_V1_PodSandboxConfig(sandboxConfig)
    let response: Runtime_V1_CreateContainerResponse = try await runtimeCall("CreateContainer", request)
    return ContainerID(response.containerID)
  }

  public func startContainer(_ id: ContainerID) async throws(RuntimeError) {
    var request = Runtime_V1_StartContainerRequest()
    request.containerID = id.rawValue
    let _: Runtime_V1_StartContainerResponse = try await runtimeCall("StartContainer", request)
  }

  public func stopContainer(_ id: ContainerID, timeout: Int64) async throws(RuntimeError) {
    var request = Runtime_V1_StopContainerRequest()
    request.containerID = id.rawValue
    request.timeout = timeout
    let limit = self.timeout + .seconds(max(0, timeout))
    let _: Runtime_V1_StopContainerResponse = try await runtimeCall("StopContainer", request, timeout: limit)
  }

  public func removeContainer(_ id: ContainerID) async throws(RuntimeError) {
    var request = Runtime_V1_RemoveContainerRequest()
    request.containerID = id.rawValue
    let _: Runtime_V1_RemoveContainerResponse = try await runtimeCall("RemoveContainer", request)
  }

  public func containerStatus(
    _ id: ContainerID, verbose: Bool
  ) async throws(RuntimeError) -> (status: ContainerStatus, info: [String: String]) {
    var request = Runtime_V1_ContainerStatusRequest()
    request.containerID = id.rawValue
    request.verbose = verbose
    let response: Runtime_V1_ContainerStatusResponse = try await runtimeCall("ContainerStatus", request)
    // The status does not say which sandbox it is in; the list does.
    var list = Runtime_V1_ListContainersRequest()
    list.filter.id = response.status.id
    let listed: Runtime_V1_ListContainersResponse = try await runtimeCall("ListContainers", list)
    let sandbox = SandboxID(listed.containers.first { $0.id == response.status.id }?.podSandboxID ?? "")
    return (try ContainerStatus(response.status, sandboxID: sandbox), response.info)
  }

  public func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerSummary] {
    var request = Runtime_V1_ListContainersRequest()
    request.filter = Runtime_V1_ContainerFilter(filter)
    let response: Runtime_V1_ListContainersResponse = try await runtimeCall("ListContainers", request)
    return try mapped(response.containers) { (item) throws(RuntimeError) in try ContainerSummary(item) }
  }

  public func updateContainerResources(_ id: ContainerID, _ resources: LinuxResources) async throws(RuntimeError) {
    var request = Runtime_V1_UpdateContainerResourcesRequest()
    request.containerID = id.rawValue
    request.linux = Runtime_V1_LinuxContainerResources(resources)
    let _: Runtime_V1_UpdateContainerResourcesResponse = try await runtimeCall("UpdateContainerResources", request)
  }

  public func checkpointContainer(_ id: ContainerID, location: String, timeout: Int64) async throws(RuntimeError) {
    var request = Runtime_V1_CheckpointContainerRequest()
    request.containerID = id.rawValue
    request.location = location
    request.timeout = timeout
    // With no time the runtime has its own, which is not known here.
    let limit = timeout > 0 ? .seconds(timeout) + self.timeout : max(self.timeout, .seconds(600))
    let _: Runtime_V1_CheckpointContainerResponse = try await runtimeCall("CheckpointContainer", request, timeout: limit)
  }

  public func reopenContainerLog(_ id: ContainerID) async throws(RuntimeError) {
    var request = Runtime_V1_ReopenContainerLogRequest()
    request.containerID = id.rawValue
    let _: Runtime_V1_ReopenContainerLogResponse = try await runtimeCall("ReopenContainerLog", request)
  }

  public func execSync(_ id: ContainerID, command: [String], timeout: Int64) async throws(RuntimeError) -> ExecResult {
    var request = Runtime_V1_ExecSyncRequest()
    request.containerID = id.rawValue
    request.cmd = command
    request.timeout = timeout
    // 0: the command may take as long as it likes.
    let path = "/runtime.v1.RuntimeService/ExecSync"
    let limit: Duration? = timeout > 0 ? self.timeout + .seconds(timeout) : nil
    let response: Runtime_V1_ExecSyncResponse = try await client.call(path, request, timeout: limit)
    return ExecResult(stdout: [UInt8](response.stdout), stderr: [UInt8](response.stderr), exitCode: response.exitCode)
  }

  public func containerStats(_ id: ContainerID) async throws(RuntimeError) -> ContainerStats {
    var request = Runtime_V1_ContainerStatsRequest()
    request.containerID = id.rawValue
    let response: Runtime_V1_ContainerStatsResponse = try await runtimeCall("ContainerStats", request)
    return ContainerStats(response.stats)
  }

  public func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] {
    var request = Runtime_V1_ListContainerStatsRequest()
    request.filter = Runtime_V1_ContainerStatsFilter(filter)
    let response: Runtime_V1_ListContainerStatsResponse = try await runtimeCall("ListContainerStats", request)
    return response.stats.map { ContainerStats($0) }
  }
}
