/// The steps that a pod's start is made of. The raw value is what people read.
public enum StartStep: String, Sendable, CaseIterable {
  // The kubelet's, one after the other but for images.
  case manifest = "manifest read"
  case admission = "admitted"
  case volumes = "cgroup, directories, volumes"
  case image = "image"
  case sandbox = "sandbox"
  case container = "container"
  case shown = "shown as running"
  // Calls of the runtime.
  case runPodSandbox = "RunPodSandbox"
  case createContainer = "CreateContainer"
  case startContainer = "StartContainer"
  // Parts of RunPodSandbox; the network is made beside files, cgroup and podshim, the rows beside pause.
  case network = "network"
  case sandboxFiles = "files, record, cgroup"
  case podshim = "podshim"
  case pause = "pause"
  case rows = "rows"
  // Parts of CreateContainer.
  case spec = "spec"
  case record = "record"
  case snapshot = "writable layer"
  case mounts = "mounts, program"
  case cgroup = "cgroup"
  case process = "process"

  public var level: UInt32 {
    switch self {
    case .manifest, .admission, .volumes, .image, .sandbox, .container, .shown: 0
    case .runPodSandbox, .createContainer, .startContainer: 1
    case .network, .sandboxFiles, .podshim, .pause, .rows, .spec, .record, .snapshot, .mounts, .cgroup, .process: 2
    }
  }
}
