internal import NIOCore
internal import KubeModel
internal import RuntimeAPI
internal import Store

/// What every worker uses to act on the world.
struct PodServices: Sendable {
  let runtime: any ContainerRuntime
  let group: any EventLoopGroup
  let clock: KubeletClock
  let events: EventRecorder
  let traces: StartTraces
  let ledger: Ledger
  let records: PodRecords
  let nodeState: NodeState
  let cgroups: PodCgroups
  /// Root directory, and where logs go.
  let root: String
  let logs: String
  /// nil: logs grow.
  let logRotation: LogRotation?
  let runtimeName: String
  let maxRestartPeriod: Int64
  var logLinks: LogLinks { LogLinks(logs: logs) }
  /// When this agent began.
  let startedAt: Int64

  /// As it is now; an action takes it once.
  var node: NodeFacts { nodeState.facts }

  func paths(_ pod: Pod) -> PodPaths {
    PodPaths(root: root, logs: logs, uid: pod.podUID, namespace: pod.namespaceName, name: pod.podName)
  }
}
