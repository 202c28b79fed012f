import GRPCTransport
import Logging
import RuntimeAPI

/// `runtime.v1.RuntimeService`, one method per file in Runtime/.
struct RuntimeService: Sendable {
  let runtime: any ContainerRuntime
  let streams: (any StreamingEndpoints)?
  let logger: Logger

  func register(in router: inout GRPCRouter) {
    let service = Registration(service: "runtime.v1.RuntimeService", logger: logger)
    service.unary(&router, "Attach", attach)
    service.unary(&router, "CheckpointContainer", checkpointContainer)
    service.unary(&router, "ContainerStats", containerStats)
    service.unary(&router, "ContainerStatus", containerStatus)
    service.unary(&router, "CreateContainer", createContainer)
    service.unary(&router, "Exec", exec)
    service.unary(&router, "ExecSync", execSync)
    service.unary(&router, "ListContainerStats", listContainerStats)
    service.unary(&router, "ListContainers", listContainers)
    service.unary(&router, "ListMetricDescriptors", listMetricDescriptors)
    service.unary(&router, "ListPodSandbox", listPodSandbox)
    service.unary(&router, "ListPodSandboxMetrics", listPodSandboxMetrics)
    service.unary(&router, "ListPodSandboxStats", listPodSandboxStats)
    service.unary(&router, "PodSandboxStats", podSandboxStats)
    service.unary(&router, "PodSandboxStatus", podSandboxStatus)
    service.unary(&router, "RemoveContainer", removeContainer)
    service.unary(&router, "RemovePodSandbox", removePodSandbox)
    service.unary(&router, "PortForward", portForward)
    service.unary(&router, "ReopenContainerLog", reopenContainerLog)
    service.unary(&router, "RunPodSandbox", runPodSandbox)
    service.unary(&router, "RuntimeConfig", runtimeConfig)
    service.unary(&router, "StartContainer", startContainer)
    service.unary(&router, "Status", status)
    service.unary(&router, "StopContainer", stopContainer)
    service.unary(&router, "StopPodSandbox", stopPodSandbox)
    service.unary(&router, "UpdateContainerResources", updateContainerResources)
    service.unary(&router, "UpdatePodSandboxResources", updatePodSandboxResources)
    service.unary(&router, "UpdateRuntimeConfig", updateRuntimeConfig)
    service.unary(&router, "Version", version)
    service.streaming(&router, "GetContainerEvents", getContainerEvents)
    service.streaming(&router, "StreamContainerStats", streamContainerStats)
    service.streaming(&router, "StreamContainers", streamContainers)
    service.streaming(&router, "StreamPodSandboxMetrics", streamPodSandboxMetrics)
    service.streaming(&router, "StreamPodSandboxStats", streamPodSandboxStats)
    service.streaming(&router, "StreamPodSandboxes", streamPodSandboxes)
  }
}
