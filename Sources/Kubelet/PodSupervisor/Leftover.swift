internal import KubeModel
internal import RuntimeAPI

/// A pod of which only the runtime knows: enough of a spec to end it properly.
enum Leftover {
  static func pod(_ uid: PodUID, labels: [String: String], state: PodRuntimeState) -> Pod {
    var names: [String] = []
    for status in state.containers where !names.contains(status.metadata.name) { names.append(status.metadata.name) }
    let grace = state.containers.compactMap { $0.annotations[Labels.terminationGrace].flatMap { Int($0) } }.max().map { max(0, $0) }
    return Pod(
      metadata: ObjectMeta(name: labels[Labels.podName], namespace: labels[Labels.podNamespace], uid: uid.rawValue),
      spec: PodSpec(
        containers: names.map { Container(name: $0) }, restartPolicy: "Never", terminationGracePeriodSeconds: grace ?? 30))
  }
}
