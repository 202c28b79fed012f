internal import KubeModel
internal import RuntimeAPI

/// Everything that happens to a pod arrives in its worker's mailbox as one of these.
enum PodEvent: Sendable {
  /// A new version of the same pod (same UID).
  case desired(Pod)
  case terminate(Termination)
  /// Everything the runtime has of this pod, after a restart or a lost event stream.
  case listed(PodRuntimeState)
  /// Something may have been missed: read everything again.
  case reread
  /// Reading failed.
  case unreadable
  /// What the runtime has now, in short.
  case overview(RuntimeOverview)
  /// What was found for a container as the pod named it then.
  case image(name: String, reference: String?, ImageInfo)
  case sandbox(SandboxStatus)
  case sandboxStopped(SandboxID)
  case sandboxRemoved(SandboxID)
  case container(RuntimeAPI.ContainerStatus)
  case containerRemoved(ContainerID)
  case postStart(ContainerID, succeeded: Bool)
  case preStopStarted(ContainerID)
  case terminationMessage(ContainerID, String)
  case probe(ContainerID, ProbeKind, ProbeVerdict)
  /// These are set up: those of the pod when it began.
  case volumesReady([KubeModel.Volume]?)
  /// Volumes say what the pod said of itself in this version.
  case volumesRefreshed(Int)
  /// Containers have the amounts of this version, or will have them when they start again.
  case resized(Int)
  /// A container has to start again to have what it is to have.
  case replace(ContainerID)
  /// New amounts that do not act yet; nil: none.
  case resizePending(PodResize.Pending?)
  case tornDown
  case directoriesRemoved
  /// An action ended; facts it made are in the mailbox before this.
  case actionEnded(Int, KubeletError?)
  /// A planned moment has come.
  case wake
  /// The node's addresses or capacity changed: the status says so.
  case nodeChanged
  /// Something outside may have changed (an image was imported): failed steps may be tried at once.
  case retryNow
}
