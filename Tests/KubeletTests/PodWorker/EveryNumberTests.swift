import KubeModel
import RuntimeAPI
import Store
import Testing

@testable import Kubelet

/// Whatever number a manifest or the record of an older agent holds: it is refused with its path, or the pod goes its way. The process
/// that reads it never ends by it.
@Suite("Every number of a pod at its edges") struct EveryNumberTests {
  private static let manifest = """
    apiVersion: v1
    kind: Pod
    metadata: {name: p, uid: u, namespace: default, generation: 1, deletionGracePeriodSeconds: 1}
    spec:
      activeDeadlineSeconds: 5
      terminationGracePeriodSeconds: 5
      priority: 1
      dnsConfig: {options: [{name: ndots, value: "2"}]}
      tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
      securityContext: {runAsUser: 1, runAsGroup: 1, fsGroup: 1, supplementalGroups: [1], sysctls: [{name: kernel.shm_rmid_forced, value: "1"}]}
      resources: {requests: {cpu: 1m, memory: 1Mi, hugepages-2Mi: 2Mi}, limits: {cpu: 1, memory: 1Gi, hugepages-2Mi: 2Mi}}
      initContainers:
        - {name: i, image: x, restartPolicy: Always, startupProbe: {exec: {command: [a]}, failureThreshold: 1}}
      containers:
        - name: c
          image: x
          ports: [{containerPort: 80, hostPort: 80}]
          env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}]
          resources: {requests: {cpu: 1m, memory: 1Mi, hugepages-2Mi: 2Mi}, limits: {cpu: 1, memory: 1Gi, hugepages-2Mi: 2Mi, ephemeral-storage: 1Gi}}
          securityContext: {runAsUser: 1, runAsGroup: 1}
          lifecycle: {preStop: {sleep: {seconds: 1}}, postStart: {httpGet: {port: 80}}}
          livenessProbe:
            httpGet: {port: 80}
            initialDelaySeconds: 1
            periodSeconds: 1
            timeoutSeconds: 1
            failureThreshold: 1
            successThreshold: 1
            terminationGracePeriodSeconds: 1
          readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}
          startupProbe: {grpc: {port: 80}, periodSeconds: 1}
          volumeMounts: [{name: d, mountPath: /d}, {name: m, mountPath: /m}]
      volumes:
        - {name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
        - name: d
          downwardAPI: {defaultMode: 1, items: [{path: a, mode: 1, fieldRef: {fieldPath: metadata.name}}, {path: b, fieldRef: {fieldPath: metadata.uid}}]}
        - name: j
          projected: {defaultMode: 1, sources: [{downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}}]}
    """
  private static let edges = [-1, Int.max].map(JSONValue.int)
  private static let amounts = ["-1", "9223372036854775807Ei"].map(JSONValue.string)

  /// The value with each of its numbers, one at a time, at each edge.
  private static func variants(_ value: JSONValue, isAmount: Bool = false) -> [JSONValue] {
    switch value {
    case .int: return isAmount ? edges + amounts : edges
    case .string: return isAmount ? amounts : []
    case .array(let items):
      return items.indices.flatMap { index in
        variants(items[index]).map { changed in
          var items = items
          items[index] = changed
          return .array(items)
        }
      }
    case .object(let fields):
      return fields.sorted { $0.key < $1.key }.flatMap { name, child in
        variants(child, isAmount: isAmount || ["requests", "limits", "sizeLimit", "divisor"].contains(name)).map { changed in
          .object(fields.merging([name: changed]) { $1 })
        }
      }
    default: return []
    }
  }

  @Test("is refused with its path, or makes a pod that can be planned and removed")
  func everyNumber() throws {
    let first = try #require(ManifestDecoder.load(Array(Self.manifest.utf8), file: "f").first)
    try #require(first.errors.map(\.description) == [])
    let texts = try Self.variants(JSONValue(encoding: try #require(first.pod))).map(\.text)
    #expect(texts.count > 100)
    let store = try Store(path: nil)
    var refused = 0
    for text in texts {
      let bytes = Array(text.utf8)
      guard let pod = ManifestDecoder.decode(bytes, file: "f").first?.pod else { continue }
      if !pod.validate().isEmpty { refused += 1 }
      // What is refused today may be in the record of an agent that did not look.
      Self.walk(pod, store)
    }
    #expect(refused > 30)
  }

  private static func walk(_ pod: Pod, _ store: Store) {
    let node = TestNode.facts
    let paths = PodPaths(root: "/nowhere", logs: "/nowhere/logs", uid: pod.podUID, namespace: "n", name: "p")
    _ = UnsupportedFields.of(pod)
    _ = Admission.check(pod, others: [pod], node: node, maxPods: 10)
    let volumes = PodVolumes(pod, paths: paths, ledger: Ledger(in: store), node: node)
    let builder = ConfigBuilder(pod: pod, paths: paths, node: node, cgroupParent: "")
    _ = try? builder.sandbox(attempt: 0)
    _ = PodCgroupResources.of(pod, node: node)
    var observed = Observed()
    observed.apply(.wake, pod: pod)
    for (container, _) in pod.allContainers {
      let environment = (try? Environment.variables(container, in: pod, podIPs: [], node: node)) ?? []
      let mounts = try? VolumeMounts.mounts(container, volumes: volumes.volumes, environment: [:], paths: paths).mounts
      _ = try? builder.container(container, attempt: 0, image: "x", environment: environment, mounts: mounts ?? [])
      let status = RuntimeAPI.ContainerStatus(
        id: ContainerID(container.name), sandboxID: SandboxID("s"), metadata: ContainerMetadata(name: container.name, attempt: 0),
        state: .running, createdAt: 1, image: ImageSpec(image: "x"))
      observed.apply(.container(status), pod: pod)
    }
    for now in [0, 1_000_000_000, Int64.max] { _ = PodPlan.nextAction(pod, observed, now: now, busy: []) }
    _ = ProbeSet.wanted(pod, observed)
    _ = PodStatusBuilder.status(
      pod, observed, context: StatusContext(runtimeName: "fake", hostIPs: []), previous: PodStatus(), now: 1)
    observed.apply(.terminate(Termination(startedAt: 0, grace: pod.gracePeriod, removes: true)), pod: pod)
    _ = PodPlan.nextAction(pod, observed, now: 1, busy: [])
  }
}
