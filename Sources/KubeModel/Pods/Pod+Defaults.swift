extension Pod {
  /// Fills in what Kubernetes' v1 defaulting fills in (pkg/apis/core/v1/defaults.go); a second call changes nothing.
  public mutating func applyDefaults() {
    var spec = spec
    spec.dnsPolicy = spec.dnsPolicy ?? "ClusterFirst"
    spec.restartPolicy = spec.restartPolicy ?? "Always"
    spec.securityContext = spec.securityContext ?? PodSecurityContext()
    spec.terminationGracePeriodSeconds = spec.terminationGracePeriodSeconds ?? 30
    spec.schedulerName = spec.schedulerName ?? "default-scheduler"
    spec.enableServiceLinks = spec.enableServiceLinks ?? true
    let hostNetwork = spec.hostNetwork ?? false
    spec.containers = spec.containers.map { $0.withDefaults(hostNetwork: hostNetwork) }
    spec.initContainers = spec.initContainers?.map { $0.withDefaults(hostNetwork: hostNetwork) }
    spec.volumes = spec.volumes?.map(\.withDefaults)
    self.spec = spec
    defaultPodRequests()
  }

  /// Where the pod as a whole has limits, what it does not ask for is what its containers do, else the limit. Source: `defaultPodRequests`.
  private mutating func defaultPodRequests() {
    guard let limits = spec.resources?.limits, !limits.isEmpty else { return }
    let containers = containerRequests.filter { ResourceRequirements.isPodLevel($0.key) }
    let requests = limits.merging(containers) { $1 }.merging(spec.resources?.requests ?? [:]) { $1 }
    spec.resources?.requests = requests
  }
}

extension ResourceRequirements {
  /// A limit without a request is the request too.
  mutating func requestFromLimits() {
    guard let limits else { return }
    requests = limits.merging(requests ?? [:]) { _, request in request }
  }
}

extension Container {
  fileprivate func withDefaults(hostNetwork: Bool) -> Container {
    var container = self
    container.imagePullPolicy = imagePullPolicy ?? Container.pullPolicy(image: image ?? "")
    container.terminationMessagePath = terminationMessagePath ?? "/dev/termination-log"
    container.terminationMessagePolicy = terminationMessagePolicy ?? "File"
    container.ports = ports?.map { port in
      var port = port
      port.`protocol` = port.`protocol` ?? "TCP"
      if hostNetwork, (port.hostPort ?? 0) == 0 { port.hostPort = port.containerPort }
      return port
    }
    container.env = env?.map { variable in
      var variable = variable
      if variable.valueFrom?.fieldRef != nil, variable.valueFrom?.fieldRef?.apiVersion == nil {
        variable.valueFrom?.fieldRef?.apiVersion = "v1"
      }
      if variable.valueFrom?.resourceFieldRef != nil, variable.valueFrom?.resourceFieldRef?.divisor == nil {
        variable.valueFrom?.resourceFieldRef?.divisor = 0
      }
      return variable
    }
    container.livenessProbe = livenessProbe?.withDefaults
    container.readinessProbe = readinessProbe?.withDefaults
    container.startupProbe = startupProbe?.withDefaults
    if let action = lifecycle?.postStart?.httpGet { container.lifecycle?.postStart?.httpGet = action.withDefaults }
    if let action = lifecycle?.preStop?.httpGet { container.lifecycle?.preStop?.httpGet = action.withDefaults }
    if securityContext != nil, securityContext?.procMount == nil { container.securityContext?.procMount = "Default" }
    container.resources?.requestFromLimits()
    return container
  }

  /// `Always` for the tag `latest` or none, `IfNotPresent` for another tag or a digest.
  public static func pullPolicy(image: String) -> String {
    if image.contains("@") { return "IfNotPresent" }
    let name = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard let colon = name.firstIndex(of: ":") else { return "Always" }
    return name[name.index(after: colon)...] == "latest" ? "Always" : "IfNotPresent"
  }
}

extension Probe {
  fileprivate var withDefaults: Probe {
    var probe = self
    if (timeoutSeconds ?? 0) == 0 { probe.timeoutSeconds = 1 }
    if (periodSeconds ?? 0) == 0 { probe.periodSeconds = 10 }
    if (successThreshold ?? 0) == 0 { probe.successThreshold = 1 }
    if (failureThreshold ?? 0) == 0 { probe.failureThreshold = 3 }
    if let action = httpGet { probe.httpGet = action.withDefaults }
    if grpc != nil, grpc?.service == nil { probe.grpc?.service = "" }
    return probe
  }
}

extension HTTPGetAction {
  fileprivate var withDefaults: HTTPGetAction {
    var action = self
    if (path ?? "").isEmpty { action.path = "/" }
    if (scheme ?? "").isEmpty { action.scheme = "HTTP" }
    return action
  }
}

extension Volume {
  fileprivate var withDefaults: Volume {
    var volume = self
    if sourceNames.isEmpty { volume.emptyDir = EmptyDirVolumeSource() }
    if hostPath != nil, hostPath?.type == nil { volume.hostPath?.type = "" }
    let mode: Int32 = 0o644
    if secret != nil, secret?.defaultMode == nil { volume.secret?.defaultMode = mode }
    if configMap != nil, configMap?.defaultMode == nil { volume.configMap?.defaultMode = mode }
    if downwardAPI != nil, downwardAPI?.defaultMode == nil { volume.downwardAPI?.defaultMode = mode }
    if projected != nil, projected?.defaultMode == nil { volume.projected?.defaultMode = mode }
    volume.projected?.sources = projected?.sources?.map { source in
      var source = source
      if source.serviceAccountToken != nil, source.serviceAccountToken?.expirationSeconds == nil {
        source.serviceAccountToken?.expirationSeconds = 3600
      }
      return source
    }
    if image != nil, image?.pullPolicy == nil {
      volume.image?.pullPolicy = Container.pullPolicy(image: image?.reference ?? "")
    }
    return volume
  }

  /// The JSON names of the sources that are set; valid volumes have one.
  public var sourceNames: [String] {
    guard case .object(let fields)? = try? JSONValue(encoding: self) else { return [] }
    return fields.keys.filter { $0 != "name" }.sorted()
  }

  /// The type, as a person reads it, of a volume that this version cannot make.
  public var unsupportedType: String? {
    // None is an emptyDir.
    if hostPath != nil || downwardAPI != nil || image != nil || sourceNames.isEmpty { return nil }
    if let source = emptyDir {
      let medium = source.medium ?? ""
      return medium.isEmpty || medium == "Memory" ? nil : "emptyDir with medium \(medium)"
    }
    if let source = projected, (source.sources ?? []).allSatisfy({ $0.downwardAPI != nil }) { return nil }
    return sourceNames.first
  }
}
