/// Which fields of a pod this version does not act on. Nothing is ignored silently: the agent reports each as a warning.
public enum UnsupportedFields {
  public struct Field: Hashable, Sendable {
    /// JSON path as written, such as `spec.containers[0].envFrom`.
    public let path: String
    public let reason: String
  }

  /// A line per field: path without indexes, and after a colon the children (a comma list) that are acted on; `*` is all below.
  /// What is not covered by a line and is set in a pod is reported. Change this table with the feature.
  private static let supported = """
    apiVersion kind status.*
    metadata.{name,namespace,uid,labels.*,annotations.*,creationTimestamp,generation,resourceVersion,managedFields.*,ownerReferences.*,generateName}
    spec.{restartPolicy,terminationGracePeriodSeconds,activeDeadlineSeconds,dnsPolicy,dnsConfig.*,hostNetwork,hostPID,hostIPC}
    spec.{shareProcessNamespace,hostname,subdomain,hostAliases.*,setHostnameAsFQDN,enableServiceLinks,nodeName,schedulerName}
    spec.{tolerations.*,affinity.*,nodeSelector.*,topologySpreadConstraints.*,priority,priorityClassName,preemptionPolicy}
    spec.{hostnameOverride,automountServiceAccountToken,serviceAccount,readinessGates.*,overhead.*,os.*}
    spec.securityContext.{runAsUser,runAsGroup,runAsNonRoot,supplementalGroups,supplementalGroupsPolicy,fsGroup,fsGroupChangePolicy,sysctls.*}
    spec.securityContext.seccompProfile.*
    spec.volumes.{name,emptyDir.medium,emptyDir.sizeLimit,hostPath.*}
    @.{name,image,command,args,workingDir,ports.*,imagePullPolicy,terminationMessagePath,terminationMessagePolicy,stdin,stdinOnce,tty}
    @.env.{name,value,valueFrom.fieldRef.*,valueFrom.resourceFieldRef.*}
    @.resources.requests.{cpu,memory,ephemeral-storage,hugepages}
    @.resources.limits.{cpu,memory,hugepages}
    @.volumeMounts.{name,mountPath,readOnly,subPath,subPathExpr,mountPropagation,recursiveReadOnly}
    %.{initialDelaySeconds,timeoutSeconds,periodSeconds,successThreshold,failureThreshold,terminationGracePeriodSeconds}
    %.{exec.*,httpGet.*,tcpSocket.*}
    @.lifecycle.postStart.{exec.*,httpGet.*,sleep.*}
    @.lifecycle.preStop.{exec.*,httpGet.*,sleep.*}
    @.securityContext.{privileged,allowPrivilegeEscalation,capabilities.*,procMount,readOnlyRootFilesystem,runAsUser,runAsGroup,runAsNonRoot}
    @.securityContext.seccompProfile.*
    @.{restartPolicy,restartPolicyRules.*}
    """

  /// Exact paths, and prefixes that end in a dot.
  private static let table: (exact: Set<String>, below: [String]) = {
    var exact: Set<String> = []
    var below: [String] = []
    for word in supported.split(whereSeparator: { $0 == "\n" || $0 == " " }) {
      for base in expand(String(word)) {
        if base.hasSuffix(".*") {
          below.append(String(base.dropLast()))
          exact.insert(String(base.dropLast(2)))
        } else {
          exact.insert(base)
        }
      }
    }
    return (exact, below)
  }()

  /// `@` is each kind of container, `%` each probe, `{a,b}` each of a list.
  private static func expand(_ word: String) -> [String] {
    if word.hasPrefix("%") {
      return ["livenessProbe", "readinessProbe", "startupProbe"].flatMap { expand("@.\($0)" + word.dropFirst()) }
    }
    if word.hasPrefix("@") { return ["spec.containers", "spec.initContainers"].flatMap { expand($0 + word.dropFirst()) } }
    guard let open = word.firstIndex(of: "{"), word.hasSuffix("}") else { return [word] }
    return word[word.index(after: open)...].dropLast().split(separator: ",").map { String(word[..<open] + $0) }
  }

  /// - Parameter pod: as written in the manifest, before defaults.
  public static func of(_ pod: Pod) -> [Field] {
    guard let json = try? JSONValue(encoding: pod) else { return [] }
    var fields: [Field] = []
    walk(json, path: "", plain: "", into: &fields)
    if pod.spec.hostUsers == false {
      fields.append(Field(path: "spec.hostUsers", reason: "user namespaces are not supported yet; the pod runs in the host's"))
    }
    for (index, volume) in (pod.spec.volumes ?? []).enumerated() {
      let path = "spec.volumes[\(index)].emptyDir"
      if let medium = volume.emptyDir?.medium, medium.hasPrefix("HugePages") {
        fields.append(Field(path: "\(path).medium", reason: "huge pages are not supported as a medium yet"))
      } else if volume.emptyDir?.sizeLimit != nil, (volume.emptyDir?.medium ?? "").isEmpty {
        fields.append(Field(path: "\(path).sizeLimit", reason: "the size of an emptyDir on disk is not limited yet"))
      }
    }
    for (path, container) in pod.containersWithPaths {
      for (name, probe) in [
        ("livenessProbe", container.livenessProbe), ("readinessProbe", container.readinessProbe),
        ("startupProbe", container.startupProbe),
      ] where probe?.httpGet?.scheme == "HTTPS" {
        fields.append(Field(path: "\(path).\(name).httpGet.scheme", reason: "HTTPS probes are not supported yet"))
      }
    }
    return fields.sorted { $0.path < $1.path }
  }

  private static func walk(_ value: JSONValue, path: String, plain: String, into fields: inout [Field]) {
    if fields.count >= ReadBudget.maximumErrors { return }
    switch value {
    case .object(let children):
      for (name, child) in children {
        let plainName = name.hasPrefix("hugepages-") ? "hugepages" : name
        let (place, bare) = path.isEmpty ? (name, name) : ("\(path).\(name)", "\(plain).\(plainName)")
        if table.exact.contains(bare) || table.below.contains(where: bare.hasPrefix) { continue }
        if bare == "spec.hostUsers" { continue }
        let parent = bare + "."
        if table.exact.contains(where: { $0.hasPrefix(parent) }) {
          walk(child, path: place, plain: bare, into: &fields)
        } else if !isEmpty(child) {
          fields.append(Field(path: place, reason: "not supported yet; it has no effect"))
        }
      }
    case .array(let items):
      for (index, item) in items.enumerated() { walk(item, path: "\(path)[\(index)]", plain: plain, into: &fields) }
    default: break
    }
  }

  /// What asks for nothing.
  private static func isEmpty(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .bool(false), .string(""): true
    case .array(let items): items.isEmpty
    default: false
    }
  }
}
