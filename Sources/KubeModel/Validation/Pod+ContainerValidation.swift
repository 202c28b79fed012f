extension Pod {
  func validateContainers(_ errors: inout FieldErrors) {
    if spec.containers.isEmpty { errors.required("spec.containers") }
    var names: Set<String> = []
    var hostPorts: Set<String> = []
    let volumes = Set((spec.volumes ?? []).map(\.name))
    for (path, container) in containersWithPaths {
      let isInit = path.hasPrefix("spec.init")
      if container.name.isEmpty {
        errors.required("\(path).name")
      } else if let fault = Names.label(container.name) {
        errors.invalid("\(path).name", container.name, fault)
      } else if !names.insert(container.name).inserted {
        errors.duplicate("\(path).name", container.name)
      }
      let image = container.image ?? ""
      if image.isEmpty {
        errors.required("\(path).image")
      } else if image.trimmed != image {
        errors.invalid("\(path).image", image, "must not have leading or trailing whitespace")
      }
      if let directory = container.workingDir, !directory.isEmpty, !directory.hasPrefix("/") {
        errors.invalid("\(path).workingDir", directory, "must be an absolute path")
      }
      if container.securityContext?.procMount == "Unmasked", spec.hostUsers ?? true {
        errors.invalid("\(path).securityContext.procMount", "Unmasked", "`hostUsers` must be false to use `Unmasked`")
      }
      errors.restartRules(path, container)
      errors.words("\(path).command", container.command)
      errors.words("\(path).args", container.args)
      errors.oneOf("\(path).imagePullPolicy", container.imagePullPolicy, ["Always", "IfNotPresent", "Never"])
      errors.oneOf("\(path).terminationMessagePolicy", container.terminationMessagePolicy, ["File", "FallbackToLogsOnError"])
      errors.oneOf("\(path).restartPolicy", container.restartPolicy, ["Always", "OnFailure", "Never"])
      errors.ports(path, container, hostNetwork: isHostNetwork, hostPorts: &hostPorts)
      errors.environment(path, container)
      errors.mounts(path, container, volumes: volumes)
      errors.resources("\(path).resources", container.resources)
      errors.security("\(path).securityContext", container.securityContext)
      let sidecar = isInit && container.isSidecar
      for (name, probe) in [
        ("livenessProbe", container.livenessProbe), ("readinessProbe", container.readinessProbe),
        ("startupProbe", container.startupProbe),
      ] {
        guard let probe else { continue }
        if isInit, !sidecar {
          errors.forbidden("\(path).\(name)", "may not be set for init containers without restartPolicy=Always")
        }
        errors.probe("\(path).\(name)", probe, isReadiness: name == "readinessProbe")
      }
      if let lifecycle = container.lifecycle {
        if isInit, !sidecar {
          errors.forbidden("\(path).lifecycle", "may not be set for init containers without restartPolicy=Always")
        }
        if let handler = lifecycle.postStart { errors.handler("\(path).lifecycle.postStart", handler) }
        if let handler = lifecycle.preStop { errors.handler("\(path).lifecycle.preStop", handler) }
      }
    }
    errors.resources("spec.resources", spec.resources)
    for (name, whole) in (spec.resources?.requests ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let sum = containerRequests[name], sum > whole else { continue }
      errors.invalid(
        "spec.resources.requests.\(name)", whole, "must be greater than or equal to aggregate container requests of \(sum)")
    }
    for (name, whole) in (spec.resources?.limits ?? [:]).sorted(by: { $0.key < $1.key }) {
      for (path, container) in containersWithPaths {
        guard let limit = container.resources?.limits?[name], limit > whole else { continue }
        errors.invalid("\(path).resources.limits.\(name)", limit, "must be less than or equal to pod limits of \(whole)")
      }
    }
  }
}

extension String {
  fileprivate var trimmed: Substring {
    var text = self[...]
    while text.first?.isWhitespace == true { text = text.dropFirst() }
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return text
  }
}

extension FieldErrors {
  /// Words of a program end at a zero byte.
  fileprivate mutating func words(_ path: String, _ words: [String]?) {
    for (index, word) in (words ?? []).enumerated() where word.utf8.contains(0) {
      invalid("\(path)[\(index)]", word.replacing("\0", with: "\\0"), "must not contain a NUL byte")
    }
  }

  /// Source: validateContainerRestartPolicy (KEP-5307).
  fileprivate mutating func restartRules(_ path: String, _ container: Container) {
    let rules = container.restartPolicyRules ?? []
    if !rules.isEmpty, container.restartPolicy == nil {
      required("\(path).restartPolicy", "must specify restartPolicy when restart rules are used")
    }
    if rules.count > 20 { invalid("\(path).restartPolicyRules", rules.count, "must have at most 20 items") }
    for (index, rule) in rules.enumerated() {
      let place = "\(path).restartPolicyRules[\(index)]"
      if rule.action.isEmpty {
        required("\(place).action")
      } else {
        oneOf("\(place).action", rule.action, ["Restart", "RestartAllContainers"])
      }
      guard let codes = rule.exitCodes else {
        required("\(place).exitCodes", "must be specified")
        continue
      }
      oneOf("\(place).exitCodes.operator", codes.operator, ["In", "NotIn"])
      let values = codes.values ?? []
      if values.isEmpty { invalid("\(place).exitCodes.values", 0, "must have at least one value") }
      if values.count > 255 { invalid("\(place).exitCodes.values", values.count, "must have at most 255 items") }
    }
  }

  fileprivate mutating func ports(_ path: String, _ container: Container, hostNetwork: Bool, hostPorts: inout Set<String>) {
    var names: Set<String> = []
    for (index, port) in (container.ports ?? []).enumerated() {
      let place = "\(path).ports[\(index)]"
      if let name = port.name, !name.isEmpty {
        if let fault = Names.port(name) {
          invalid("\(place).name", name, fault)
        } else if !names.insert(name).inserted {
          duplicate("\(place).name", name)
        }
      }
      if port.containerPort == 0 {
        required("\(place).containerPort")
      } else {
        range("\(place).containerPort", Int(port.containerPort), 1...65535)
      }
      oneOf("\(place).protocol", port.`protocol`, ["SCTP", "TCP", "UDP"])
      if let address = port.hostIP, !address.isEmpty, !Names.isAddress(address) {
        invalid("\(place).hostIP", address, "must be a valid IP address")
      }
      guard let host = port.hostPort, host != 0 else { continue }
      range("\(place).hostPort", Int(host), 1...65535)
      if hostNetwork, host != port.containerPort {
        invalid("\(place).containerPort", Int(port.containerPort), "must match `hostPort` when `hostNetwork` is true")
      }
      let key = "\(port.`protocol` ?? "TCP")/\(port.hostIP ?? "")/\(host)"
      if !hostPorts.insert(key).inserted { duplicate("\(place).hostPort", key) }
    }
  }

  fileprivate mutating func environment(_ path: String, _ container: Container) {
    for (index, variable) in (container.env ?? []).enumerated() {
      let place = "\(path).env[\(index)]"
      if variable.name.isEmpty {
        required("\(place).name")
      } else if let fault = Names.environment(variable.name) {
        invalid("\(place).name", variable.name, fault)
      }
      if let value = variable.value, value.utf8.contains(0) {
        invalid("\(place).value", value.replacing("\0", with: "\\0"), "must not contain a NUL byte")
      }
      guard let source = variable.valueFrom else { continue }
      if !(variable.value ?? "").isEmpty { invalid("\(place).valueFrom", "", "may not be specified when `value` is not empty") }
      let set = [
        source.fieldRef != nil, source.resourceFieldRef != nil, source.configMapKeyRef != nil, source.secretKeyRef != nil,
        source.fileKeyRef != nil,
      ]
      switch set.count(where: { $0 }) {
      case 0:
        invalid(
          "\(place).valueFrom", "",
          "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`")
      case 1: break
      default: invalid("\(place).valueFrom", "", "may not have more than one field specified at a time")
      }
      if let field = source.fieldRef?.fieldPath {
        let fixed = [
          "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
          "status.hostIPs",
          "status.podIP", "status.podIPs",
        ]
        let keyed = (field.hasPrefix("metadata.labels['") || field.hasPrefix("metadata.annotations['")) && field.hasSuffix("']")
        if !keyed { oneOf("\(place).valueFrom.fieldRef.fieldPath", field, fixed) }
      }
      if let resource = source.resourceFieldRef?.resource {
        let allowed = ["limits", "requests"].flatMap { kind in ["cpu", "ephemeral-storage", "memory"].map { "\(kind).\($0)" } }
        if !resource.contains(".hugepages-") { oneOf("\(place).valueFrom.resourceFieldRef.resource", resource, allowed) }
      }
    }
  }

  fileprivate mutating func mounts(_ path: String, _ container: Container, volumes: Set<String>) {
    var paths: Set<String> = []
    for (index, mount) in (container.volumeMounts ?? []).enumerated() {
      let place = "\(path).volumeMounts[\(index)]"
      if mount.name.isEmpty {
        required("\(place).name")
      } else if !volumes.contains(mount.name) {
        notFound("\(place).name", mount.name)
      }
      if mount.mountPath.isEmpty {
        required("\(place).mountPath")
      } else if !paths.insert(mount.mountPath).inserted {
        invalid("\(place).mountPath", mount.mountPath, "must be unique")
      } else if let fault = Names.mountPoint(mount.mountPath) {
        invalid("\(place).mountPath", mount.mountPath, fault)
      }
      for (field, value) in [("subPath", mount.subPath ?? ""), ("subPathExpr", mount.subPathExpr ?? "")] {
        if value.hasPrefix("/") { invalid("\(place).\(field)", value, "must be a relative path") }
        if value.split(separator: "/").contains("..") { invalid("\(place).\(field)", value, "must not contain '..'") }
      }
      if !(mount.subPath ?? "").isEmpty, !(mount.subPathExpr ?? "").isEmpty {
        invalid("\(place).subPathExpr", mount.subPathExpr ?? "", "subPathExpr and subPath are mutually exclusive")
      }
      oneOf("\(place).mountPropagation", mount.mountPropagation, ["Bidirectional", "HostToContainer", "None"])
      if mount.mountPropagation == "Bidirectional", container.securityContext?.privileged != true {
        forbidden("\(place).mountPropagation", "Bidirectional mount propagation is available only to privileged containers")
      }
      oneOf("\(place).recursiveReadOnly", mount.recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"])
      if let mode = mount.recursiveReadOnly, mode != "Disabled", mount.readOnly != true {
        forbidden("\(place).recursiveReadOnly", "may only be specified when readOnly is true")
      }
    }
  }

  fileprivate mutating func resources(_ path: String, _ resources: ResourceRequirements?) {
    let limits = resources?.limits ?? [:]
    for (kind, amounts) in [("limits", limits), ("requests", resources?.requests ?? [:])] {
      for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
        let place = "\(path).\(kind).\(name)"
        let standard = ["cpu", "memory", "ephemeral-storage"].contains(name) || name.hasPrefix("hugepages-")
        if !standard, !name.contains("/") { invalid(place, name, "must be a standard resource type or fully qualified") }
        if amount < 0 { invalid(place, amount, "must be greater than or equal to 0") }
        if name != "cpu", name != "memory", name != "ephemeral-storage", !amount.isWhole {
          invalid(place, amount, "must be an integer")
        }
        if kind == "limits" { continue }
        if let limit = limits[name] {
          if amount > limit { invalid(place, amount, "must be less than or equal to \(name) limit of \(limit)") }
          if name.hasPrefix("hugepages-"), amount != limit { invalid(place, amount, "must be equal to \(name) limit of \(limit)") }
        } else if name.hasPrefix("hugepages-") {
          required("\(path).limits", "limit must be set for non overcommitable resources")
        }
      }
    }
  }

  fileprivate mutating func security(_ path: String, _ context: SecurityContext?) {
    guard let context else { return }
    range("\(path).runAsUser", context.runAsUser, 0...Int(Int32.max))
    range("\(path).runAsGroup", context.runAsGroup, 0...Int(Int32.max))
    oneOf("\(path).procMount", context.procMount, ["Default", "Unmasked"])
    seccomp("\(path).seccompProfile", context.seccompProfile)
    if context.allowPrivilegeEscalation == false {
      if context.privileged == true {
        invalid(
          "\(path).allowPrivilegeEscalation", false, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
      }
      if context.capabilities?.add?.contains(where: { ["SYS_ADMIN", "CAP_SYS_ADMIN"].contains($0) }) == true {
        invalid(
          "\(path).allowPrivilegeEscalation", false,
          "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
      }
    }
  }

  fileprivate mutating func probe(_ path: String, _ probe: Probe, isReadiness: Bool) {
    actions(path, exec: probe.exec, http: probe.httpGet, tcp: probe.tcpSocket, others: [("grpc", probe.grpc != nil)])
    if let port = probe.grpc?.port { range("\(path).grpc.port", Int(port), 1...65535) }
    let positive = 0...Int(Int32.max)
    range("\(path).initialDelaySeconds", probe.initialDelaySeconds.map(Int.init), positive)
    range("\(path).timeoutSeconds", probe.timeoutSeconds.map(Int.init), positive)
    range("\(path).periodSeconds", probe.periodSeconds.map(Int.init), positive)
    range("\(path).successThreshold", probe.successThreshold.map(Int.init), positive)
    range("\(path).failureThreshold", probe.failureThreshold.map(Int.init), positive)
    if !isReadiness, let threshold = probe.successThreshold, threshold > 1 {
      invalid("\(path).successThreshold", threshold, "must be 1")
    }
    if let grace = probe.terminationGracePeriodSeconds {
      if isReadiness {
        invalid("\(path).terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")
      } else {
        range("\(path).terminationGracePeriodSeconds", grace, 1...Int(Int32.max))
      }
    }
  }

  fileprivate mutating func handler(_ path: String, _ handler: LifecycleHandler) {
    actions(path, exec: handler.exec, http: handler.httpGet, tcp: handler.tcpSocket, others: [("sleep", handler.sleep != nil)])
    if let sleep = handler.sleep { range("\(path).sleep.seconds", sleep.seconds, 0...Int(Int32.max)) }
  }

  private mutating func actions(
    _ path: String, exec: ExecAction?, http: HTTPGetAction?, tcp: TCPSocketAction?, others: [(String, Bool)]
  ) {
    var set = others.filter(\.1).map(\.0)
    if let exec {
      set.append("exec")
      if (exec.command ?? []).isEmpty { required("\(path).exec.command") }
    }
    if let http {
      set.append("httpGet")
      if (http.path ?? "").isEmpty { required("\(path).httpGet.path") }
      oneOf("\(path).httpGet.scheme", http.scheme, ["HTTP", "HTTPS"])
      port("\(path).httpGet.port", http.port)
    }
    if let tcp {
      set.append("tcpSocket")
      port("\(path).tcpSocket.port", tcp.port)
    }
    if set.isEmpty { required(path, "must specify a handler type") }
    for extra in set.dropFirst() { forbidden("\(path).\(extra)", "may not specify more than 1 handler type") }
  }

  private mutating func port(_ path: String, _ port: IntOrString) {
    switch port {
    case .int(let number): range(path, Int(number), 1...65535)
    case .string(let name): if let fault = Names.port(name) { invalid(path, name, fault) }
    }
  }
}
