import LinuxSystem
import Cgroups
import Images
import Logging
import RuntimeAPI
import ShimCore
import Store
import Synchronization
import TestSupport

@testable import PodRuntime

/// A runtime with one ready sandbox and one running container whose podshim a test plays; nothing of it is on the node.
struct ScriptedPod {
  let runtime: PodRuntime
  let sandbox: Sandbox
  let container: Container
  let shim: ScriptedShim

  static func with(_ body: (ScriptedPod) async throws -> Void) async throws {
    try await ScratchDirectory.with("scripted") { scratch in try await body(ScriptedPod(scratch)) }
  }

  private init(_ scratch: ScratchDirectory) throws {
    for directory in ["root", "cgroup/pod"] { try scratch.makeDirectory(directory) }
    let store = try Store(path: nil)
    runtime = try PodRuntime(
      settings: PodRuntimeSettings(
        rootDirectory: scratch["root"], stateDirectory: scratch["state"], podshimPath: try scratch.write("podshim", "played")),
      store: store, images: try ImageService(root: scratch["root"], store: store, unpacker: "/nothing"), network: nil,
      cgroups: CgroupRoot(mountPoint: scratch["cgroup"], controllers: []), version: "test", logger: Logger(label: "test"))
    let id = SandboxID(Identifier.random())
    let config = SandboxConfig(metadata: SandboxMetadata(name: "p", uid: "u", namespace: "n"))
    sandbox = Sandbox(
      SandboxRecord(
        id: id, config: config, handler: "", createdAt: 1, cgroup: "/pod/\(id)", cgroupParent: "/pod", ownsCgroupParent: false),
      phase: .ready, journal: runtime.journal)
    let containerID = ContainerID(Identifier.random())
    container = Container(
      ContainerRecord(
        id: containerID, sandboxID: id,
        config: ContainerConfig(metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "i")), createdAt: 1, imageID: "",
        imageRef: "", imageName: "i", cgroup: "/pod/\(containerID)", logPath: "", user: ContainerUser(uid: 0, gid: 0),
        stopSignalNumber: 15, stopSignal: 23),
      phase: .running(startedAt: 1), journal: runtime.journal)
    let (stream, shim) = try ScriptedShim.pair()
    self.shim = shim
    let link = runtime.makeLink(sandbox)
    sandbox.link = link
    sandbox.settled.open()
    runtime.state.withLock { [sandbox, container] state in
      state.add(sandbox)
      state.add(container)
    }
    try link.begin(stream)
  }

  /// The next signal that podshim is asked for.
  func signal() async throws -> (request: ScriptedShim.Request, number: Int32) {
    let request = try await shim.next { if case .signal = $0 { true } else { false } }
    guard case .signal(_, let number, _) = request.request else { throw ScriptedShim.Missing() }
    return (request, number)
  }

  func exit(_ code: Int32) {
    shim.event(
      .exited(ExitRecord(id: container.id.rawValue, exitCode: code, signal: 0, oomKilled: false, finishedAt: 2, startedAt: 1)))
  }
}
