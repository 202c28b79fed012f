import CRIMapping
import CRIProto
import GRPCTransport
public import RuntimeAPI

extension RemoteRuntime {
  public func version() async throws(RuntimeError) -> RuntimeVersion {
    var request = Runtime_V1_VersionRequest()
    request.version = "0.1.0"
    let response: Runtime_V1_VersionResponse = try await runtimeCall("Version", request)
    return RuntimeVersion(
      runtimeName: response.runtimeName, runtimeVersion: response.runtimeVersion, apiVersion: response.runtimeApiVersion)
  }

  public func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus {
    var request = Runtime_V1_StatusRequest()
    request.verbose = verbose
    let response: Runtime_V1_StatusResponse = try await runtimeCall("Status", request)
    return RuntimeStatus(response)
  }

  /// A runtime that does not know the call (containerd before 2.0) or says nothing uses cgroupfs, as far as CRI tells.
  public func cgroupDriver() async throws(RuntimeError) -> CgroupDriver {
    let response: Runtime_V1_RuntimeConfigResponse
    do throws(RuntimeError) {
      response = try await runtimeCall("RuntimeConfig", Runtime_V1_RuntimeConfigRequest())
    } catch {
      if error.code == .unimplemented { return .cgroupfs }
      throw error
    }
    return response.hasLinux ? try enumeration(response.linux.cgroupDriver, "linux.cgroup_driver") : .cgroupfs
  }

  public func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) {
    var request = Runtime_V1_UpdateRuntimeConfigRequest()
    request.runtimeConfig.networkConfig.podCidr = podCIDR
    let _: Runtime_V1_UpdateRuntimeConfigResponse = try await runtimeCall("UpdateRuntimeConfig", request)
  }

  /// Ends with the connection, with the consumer, and when 1000 events wait for the consumer: it has to look at everything anew then.
  public func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> {
    let responses: ResponseStream<Runtime_V1_ContainerEventResponse> = try await client.stream(
      "/runtime.v1.RuntimeService/GetContainerEvents", Runtime_V1_GetEventsRequest())
    let (events, continuation) = AsyncStream.makeStream(of: RuntimeEvent.self, bufferingPolicy: .bufferingOldest(1000))
    let reader = Task {
      do {
        for try await response in responses {
          if case .dropped = continuation.yield(try RuntimeEvent(response)) { break }
        }
        continuation.finish()
      } catch { continuation.finish() }
    }
    continuation.onTermination = { _ in reader.cancel() }
    return events
  }
}
