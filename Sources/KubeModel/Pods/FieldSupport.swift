/// What this version makes of each field of a pod. The one table: events, refusals and docs/reference/pod-fields.md come from it, and a test holds it
/// against the API's schema, so that no field is without an answer.
public enum FieldSupport {
  public enum Effect: Equatable, Sendable {
    case acts
    /// For a scheduler or an API server: a kubelet ignores it too.
    case notForNodes
    /// The pod runs without it; the reason.
    case ignored(String)
    /// The pod cannot start; the reason.
    case refused(String)
  }

  struct Rule: Sendable {
    /// Without indexes. `@` is each kind of container, `%` each of its probes; `*` at the end: all below.
    let path: String
    let effect: Effect
  }

  /// The rule with the longest path that covers a field wins.
  static let rules: [Rule] = groups.flatMap { group in group.words.flatMap(expand).map { Rule(path: $0, effect: group.effect) } }

  /// As they are written here, each group with its reason.
  static let groups: [(effect: Effect, words: [String])] =
    lines(
      .acts,
      """
      apiVersion kind metadata metadata.name metadata.namespace metadata.uid metadata.labels.* metadata.annotations.* spec spec.volumes
      spec.restartPolicy spec.terminationGracePeriodSeconds spec.activeDeadlineSeconds spec.dnsPolicy spec.dnsConfig.* spec.hostNetwork spec.hostPID
      spec.hostIPC spec.shareProcessNamespace spec.hostname spec.subdomain spec.hostnameOverride spec.hostAliases.* spec.setHostnameAsFQDN spec.nodeName
      spec.nodeSelector.* spec.affinity spec.affinity.nodeAffinity spec.os.* spec.overhead.* spec.priority spec.priorityClassName spec.resources
      spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.* spec.resources.requests.* spec.resources.limits.* spec.hostUsers
      spec.securityContext spec.securityContext.runAsUser spec.securityContext.runAsGroup spec.securityContext.runAsNonRoot
      spec.securityContext.supplementalGroups spec.securityContext.supplementalGroupsPolicy spec.securityContext.fsGroup
      spec.securityContext.fsGroupChangePolicy spec.securityContext.sysctls.* spec.securityContext.seccompProfile.* spec.securityContext.appArmorProfile.*
      spec.volumes.name spec.volumes.emptyDir spec.volumes.emptyDir.medium spec.volumes.emptyDir.sizeLimit spec.volumes.hostPath.* spec.volumes.image.*
      spec.volumes.downwardAPI.* spec.volumes.projected spec.volumes.projected.defaultMode spec.volumes.projected.sources
      spec.volumes.projected.sources.downwardAPI.*
      @ @.name @.image @.command @.args @.workingDir @.ports.* @.imagePullPolicy @.terminationMessagePath @.terminationMessagePolicy @.stdin
      @.stdinOnce @.tty @.restartPolicy @.restartPolicyRules.* @.env @.env.name @.env.value @.env.valueFrom @.env.valueFrom.fieldRef.*
      @.env.valueFrom.resourceFieldRef.* @.resources @.resources.requests.* @.resources.limits.* @.resizePolicy.* @.volumeMounts.* @.lifecycle
      @.lifecycle.postStart @.lifecycle.preStop @.lifecycle.postStart.exec.* @.lifecycle.postStart.httpGet.* @.lifecycle.postStart.sleep.*
      @.lifecycle.preStop.exec.* @.lifecycle.preStop.httpGet.* @.lifecycle.preStop.sleep.* @.lifecycle.stopSignal % %.initialDelaySeconds %.timeoutSeconds %.periodSeconds
      %.successThreshold %.failureThreshold %.terminationGracePeriodSeconds %.exec.* %.httpGet.* %.tcpSocket.* %.grpc.* @.securityContext
      @.securityContext.privileged @.securityContext.allowPrivilegeEscalation @.securityContext.capabilities.* @.securityContext.procMount
      @.securityContext.readOnlyRootFilesystem @.securityContext.runAsUser @.securityContext.runAsGroup @.securityContext.runAsNonRoot
      @.securityContext.seccompProfile.* @.securityContext.appArmorProfile.*
      """)
    + lines(
      .notForNodes,
      """
      status.* metadata.creationTimestamp metadata.generation metadata.resourceVersion metadata.managedFields.* metadata.ownerReferences.*
      metadata.generateName metadata.selfLink metadata.finalizers metadata.deletionTimestamp metadata.deletionGracePeriodSeconds spec.schedulerName
      spec.tolerations.* spec.affinity.podAffinity.* spec.affinity.podAntiAffinity.* spec.topologySpreadConstraints.* spec.preemptionPolicy
      spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.* spec.automountServiceAccountToken spec.serviceAccount
      spec.enableServiceLinks spec.readinessGates.* spec.schedulingGroup.*
      """)
    + lines(
      .ignored("it is for SELinux and Windows"),
      "spec.securityContext.seLinuxChangePolicy spec.securityContext.windowsOptions.* @.securityContext.windowsOptions.*")
    + lines(
      .ignored("a hook cannot open sockets: Kubernetes ignores it too"),
      "@.lifecycle.postStart.tcpSocket.* @.lifecycle.preStop.tcpSocket.*")
    + lines(
      .refused("SELinux labels are not supported yet"),
      "spec.securityContext.seLinuxOptions.* @.securityContext.seLinuxOptions.*")
    + lines(.refused("block devices are not supported yet"), "@.volumeDevices.*")
    + lines(.refused("resource claims need the API server"), "@.resources.claims.* spec.resources.claims.* spec.resourceClaims.*")
    + lines(.refused("files of variables are not supported yet"), "@.env.valueFrom.fileKeyRef.*")
    + lines(
      .refused("it needs the API server"),
      """
      @.envFrom.* @.env.valueFrom.configMapKeyRef.* @.env.valueFrom.secretKeyRef.* spec.imagePullSecrets.* spec.serviceAccountName
      spec.volumes.projected.sources.* spec.volumes.*
      """)
    + lines(.refused("runtime classes are not supported yet"), "spec.runtimeClassName")
    + lines(.refused("it cannot be set when a pod is created"), "spec.ephemeralContainers.*")
    + lines(.refused("nodeName cannot be set until all schedulingGates have been cleared"), "spec.schedulingGates.*")

  private static func lines(_ effect: Effect, _ words: String) -> [(effect: Effect, words: [String])] {
    [(effect, words.split { $0 == "\n" || $0 == " " }.map(String.init))]
  }

  private static func expand(_ word: String) -> [String] {
    if word.hasPrefix("%") {
      return ["livenessProbe", "readinessProbe", "startupProbe"].flatMap { expand("@.\($0)" + word.dropFirst()) }
    }
    if word.hasPrefix("@") { return ["spec.containers", "spec.initContainers"].map { $0 + word.dropFirst() } }
    return [word]
  }

  /// Path -> effect, of fields that are named, and of those that answer for all below.
  private static let exact = table { !$0.hasSuffix(".*") }
  private static let deep = table { $0.hasSuffix(".*") }

  private static func table(_ isIncluded: (String) -> Bool) -> [String: Effect] {
    let wanted = rules.filter { isIncluded($0.path) }
    return Dictionary(wanted.map { ($0.path.hasSuffix(".*") ? String($0.path.dropLast(2)) : $0.path, $0.effect) }) { first, _ in
      first
    }
  }

  /// - Parameter path: without indexes.
  /// - Returns: nil for a path that the table does not answer.
  static func effect(of path: String) -> Effect? {
    if let effect = exact[path] { return effect }
    var rest = path[...]
    while true {
      if let effect = deep[String(rest)] { return effect }
      guard let dot = rest.lastIndex(of: ".") else { return nil }
      rest = rest[..<dot]
    }
  }

  /// Whether fields below have answers of their own.
  static func isParent(_ path: String) -> Bool { parents.contains(path) }

  private static let parents: Set<String> = Set(
    rules.flatMap { rule in rule.path.indices.filter { rule.path[$0] == "." }.map { String(rule.path[..<$0]) } })
}
