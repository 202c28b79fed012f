import Foundation
import Testing

@testable import KubeModel

@Suite("What each field does") struct FieldSupportTests {
  /// Every path of a type's fields, without indexes; a type inside itself is not entered again.
  static func paths(_ type: String, _ path: String, _ above: Set<String> = []) -> [String] {
    guard let fields = Schema.types[type], !above.contains(type) else { return [] }
    return fields.flatMap { name, field -> [String] in
      let place = path.isEmpty ? name : "\(path).\(name)"
      return [place] + paths(field.shape, place, above.union([type]))
    }
  }

  static func paths(_ shape: Schema.Shape, _ path: String, _ above: Set<String>) -> [String] {
    switch shape {
    case .object(let type): paths(type, path, above)
    case .array(let element): paths(element, path, above)
    case .map(let element): paths(element, path, above)
    default: []
    }
  }

  @Test("every field of a pod has an answer, and every answer a field") func complete() {
    let all = Set(Self.paths("Pod", ""))
    #expect(all.count > 500)
    #expect(all.filter { FieldSupport.effect(of: $0) == nil }.sorted() == [])
    let named = FieldSupport.rules.map { $0.path.hasSuffix(".*") ? String($0.path.dropLast(2)) : $0.path }
    let open = ["metadata.labels", "metadata.annotations", "spec.nodeSelector", "spec.overhead"]
    #expect(named.filter { !all.contains($0) && !open.contains($0) }.sorted() == [])
    #expect(Set(FieldSupport.rules.map(\.path)).count == FieldSupport.rules.count)
  }

  @Test(
    "what a pod could not run without refuses it; what it can is told",
    arguments: [
      ("volumes: [{name: v, nfs: {server: s, path: /x}}]", "spec.volumes[0].nfs", true),
      ("volumes: [{name: v, emptyDir: {medium: HugePages}}]", "spec.volumes[0].emptyDir", true),
      ("volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}]", "spec.volumes[0].emptyDir.sizeLimit", false),
      ("runtimeClassName: x", "spec.runtimeClassName", true),
      ("securityContext: {seLinuxOptions: {level: s0}}", "spec.securityContext.seLinuxOptions", true),
    ])
  func refused(field: String, path: String, isFatal: Bool) throws {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: x}]\n  \(field)\n"
    let fields = UnsupportedFields.of(try #require(ManifestDecoder.decode(text, file: "f").first?.pod))
    #expect(fields.map(\.path) == [path] && fields.map(\.isFatal) == [isFatal])
    #expect(fields.allSatisfy { $0.reason.hasSuffix(isFatal ? "; the pod cannot start" : "; the pod runs without it") })
  }

  @Test("what refuses a pod is told however many notes there are")
  func refusedAmongNotes() throws {
    let containers = (0..<150).map { "{name: c\($0), image: x, resources: {limits: {ephemeral-storage: 1Gi}}}" }.joined(
      separator: ", ")
    let text =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [\(containers)]\n"
      + "  securityContext: {seLinuxOptions: {level: s0}}\n"
    let fields = UnsupportedFields.of(try #require(ManifestDecoder.decode(text, file: "f").first?.pod))
    #expect(fields.count == ReadBudget.maximumErrors)
    #expect(fields.filter(\.isFatal).map(\.path) == ["spec.securityContext.seLinuxOptions"])
  }

  @Test(
    "nothing is said of what acts",
    arguments: [
      "resources: {limits: {cpu: 1}}", "nodeSelector: {a: b}", "os: {name: linux}",
      "volumes: [{name: v, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}}]",
      "tolerations: [{operator: Exists}]", "hostUsers: false", "volumes: [{name: v, image: {reference: x, pullPolicy: Never}}]",
    ])
  func acting(field: String) throws {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: x}]\n  \(field)\n"
    #expect(UnsupportedFields.of(try #require(ManifestDecoder.decode(text, file: "f").first?.pod)) == [])
  }

  @Test(
    "what Kubernetes or the kernel would refuse is told with its path",
    arguments: [
      ("containers: [{name: c, image: x, workingDir: a/b}]", "spec.containers[0].workingDir"),
      (
        "containers: [{name: c, image: x}]\n  volumes: [{name: v, downwardAPI: {defaultMode: -1}}]",
        "spec.volumes[0].downwardAPI.defaultMode"
      ),
      (
        "containers: [{name: c, image: x}]\n  volumes: [{name: v, projected: {defaultMode: 512, sources: []}}]",
        "spec.volumes[0].projected.defaultMode"
      ),
      ("containers: [{name: c, image: x, command: [\"a\\0b\"]}]", "spec.containers[0].command[0]"),
      ("containers: [{name: c, image: x, securityContext: {procMount: Unmasked}}]", "spec.containers[0].securityContext.procMount"),
      ("volumes: [{name: v, hostPath: {path: 'C:\\etc'}}]\n  containers: [{name: c, image: x}]", "spec.volumes[0].hostPath.path"),
      (
        "volumes: [{name: v}]\n  containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /proc/x/..}]}]",
        "spec.containers[0].volumeMounts[0].mountPath"
      ),
      (
        "volumes: [{name: v}]\n  containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: //}]}]",
        "spec.containers[0].volumeMounts[0].mountPath"
      ),
      (
        "containers: [{name: c, image: x, restartPolicy: Never, restartPolicyRules: [{action: Explode, exitCodes: {operator: In, values: [1]}}]}]",
        "spec.containers[0].restartPolicyRules[0].action"
      ),
      (
        "containers: [{name: c, image: x, restartPolicy: Never, restartPolicyRules: [{action: Restart, exitCodes: {operator: Like, values: [1]}}]}]",
        "spec.containers[0].restartPolicyRules[0].exitCodes.operator"
      ),
      (
        "resources: {requests: {cpu: 1}}\n  containers: [{name: c, image: x, resources: {requests: {cpu: 2}}}]",
        "spec.resources.requests.cpu"
      ),
      (
        "volumes: [{name: v, downwardAPI: {items: [{path: ../a, fieldRef: {fieldPath: metadata.name}}]}}]\n  containers: [{name: c, image: x}]",
        "spec.volumes[0].downwardAPI.items[0].path"
      ),
      ("containers: [{name: c, image: x, lifecycle: {stopSignal: SIGUSR1}}]", "spec.containers[0].lifecycle.stopSignal"),
      (
        "os: {name: linux}\n  containers: [{name: c, image: x, lifecycle: {stopSignal: USR1}}]",
        "spec.containers[0].lifecycle.stopSignal"
      ),
      ("overhead: {cpu: -1}\n  containers: [{name: c, image: x}]", "spec.overhead.cpu"),
      ("overhead: {bogus: 1}\n  containers: [{name: c, image: x}]", "spec.overhead.bogus"),
      ("tolerations: [{operator: Equal}]\n  containers: [{name: c, image: x}]", "spec.tolerations[0].operator"),
      ("tolerations: [{key: a, operator: Like}]\n  containers: [{name: c, image: x}]", "spec.tolerations[0].operator"),
      ("tolerations: [{key: 'a b', operator: Exists}]\n  containers: [{name: c, image: x}]", "spec.tolerations[0].key"),
      ("tolerations: [{key: a, operator: Exists, value: b}]\n  containers: [{name: c, image: x}]", "spec.tolerations[0].value"),
      ("tolerations: [{key: a, value: 'b c'}]\n  containers: [{name: c, image: x}]", "spec.tolerations[0].value"),
      (
        "tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 1}]\n  containers: [{name: c, image: x}]",
        "spec.tolerations[0].effect"
      ),
      ("tolerations: [{key: a, effect: Never}]\n  containers: [{name: c, image: x}]", "spec.tolerations[0].effect"),
      (
        "containers: [{name: c, image: x, env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Mi}}}]}]",
        "spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor"
      ),
      (
        "containers: [{name: c, image: x, env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1m}}}]}]",
        "spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor"
      ),
      (
        "volumes: [{name: v, downwardAPI: {items: [{path: a, resourceFieldRef: {containerName: c, resource: limits.cpu, divisor: 2}}]}}]\n  containers: [{name: c, image: x}]",
        "spec.volumes[0].downwardAPI.items[0].resourceFieldRef.divisor"
      ),
      (
        "volumes: [{name: v}]\n  containers: [{name: c, image: x, securityContext: {privileged: true}, volumeMounts: [{name: v, mountPath: /v, readOnly: true, recursiveReadOnly: Enabled, mountPropagation: HostToContainer}]}]",
        "spec.containers[0].volumeMounts[0].recursiveReadOnly"
      ),
    ])
  func invalid(spec: String, path: String) {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  \(spec)\n"
    let errors = ManifestDecoder.load(Array(text.utf8), file: "f").flatMap(\.errors)
    #expect(errors.map(\.path).first == path, "\(errors)")
  }

  @Test(
    "what is right among these is left alone",
    arguments: [
      "tolerations: [{operator: Exists}, {key: a, value: b}, {key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]",
      "overhead: {cpu: 250m, memory: 1Mi}",
    ])
  func valid(field: String) {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: x}]\n  \(field)\n"
    #expect(ManifestDecoder.load(Array(text.utf8), file: "f").flatMap(\.errors) == [])
  }

  @Test("divisors of each resource", arguments: [("limits.cpu", "1m"), ("requests.cpu", "1"), ("limits.memory", "1Gi")])
  func divisor(resource: String, divisor: String) {
    let env = "env: [{name: A, valueFrom: {resourceFieldRef: {resource: \(resource), divisor: \(divisor)}}}]"
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: x, \(env)}]\n"
    #expect(ManifestDecoder.load(Array(text.utf8), file: "f").flatMap(\.errors) == [])
  }

  @Test("a static pod has neither gates nor ephemeral containers") func atCreation() {
    var pod = Pod(metadata: ObjectMeta(name: "p"), spec: PodSpec(containers: [Container(name: "c", image: "x")]))
    pod.spec.schedulingGates = [PodSchedulingGate(name: "g")]
    pod.spec.ephemeralContainers = [EphemeralContainer(name: "d")]
    #expect(StaticPod.faults(pod, node: "n").map(\.path) == ["spec.schedulingGates", "spec.ephemeralContainers"])
  }

  @Test(
    "the old AppArmor annotation counts where the field is not set",
    arguments: [
      ("runtime/default", "RuntimeDefault"), ("unconfined", "Unconfined"), ("localhost/x", "Localhost"),
    ])
  func appArmor(text: String, type: String) {
    var pod = Pod(metadata: ObjectMeta(name: "p"), spec: PodSpec(containers: [Container(name: "c", image: "x")]))
    pod.metadata.annotations = ["container.apparmor.security.beta.kubernetes.io/c": text]
    let prepared = StaticPod.prepare(pod, node: "n", source: "f", seen: Time(seconds: 0))
    #expect(prepared.spec.containers[0].securityContext?.appArmorProfile?.type == type)
  }
}
