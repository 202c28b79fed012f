internal import KubeModel
internal import RuntimeAPI

/// Everything that happens to a pod arrives in its worker's mailbox as one of these.
enum PodEvent: Sendable {
  /// A new version of the same pod (same UID): labels, annotations.
  case desired(Pod)
  case terminate(Termination)
  /// Everything the runtime has of this pod, after a restart or a lost event stream.
  case listed(PodRuntimeState)
  case sandbox(SandboxStatus)
  case sandboxStopped(SandboxID)
  case sandboxRemoved(SandboxID)
  case container(RuntimeAPI.ContainerStatus)
  case containerRemoved(ContainerID)
  case postStart(ContainerID, succeeded: Bool)
  case preStopStarted(ContainerID)
  case terminationMessage(ContainerID, String)
  case probe(ContainerID, ProbeKind, ProbeVerdict)
  case volumesReady
  case tornDown
  case directoriesRemoved
  /// The only action in flight ended; facts it made are in the mailbox before this.
  case actionEnded(Int, KubeletError?)
  /// A planned moment has come.
  case wake
  /// Something outside may have changed (an image was imported): failed steps may be tried at once.
  case retryNow
}

/// What the runtime has of one pod.
struct PodRuntimeState: Sendable, Equatable {
  /// When the reading began, CLOCK_REALTIME nanoseconds: what is younger and missing here is not gone.
  var asOf: Int64 = .max
  var sandboxes: [SandboxStatus] = []
  var containers: [RuntimeAPI.ContainerStatus] = []
}
