/// What a container runs, and when it runs again.
extension FieldErrors {
  /// Words of a program end at a zero byte.
  mutating func words(_ path: String, _ words: [String]?) {
    for (index, word) in (words ?? []).enumerated() where word.utf8.contains(0) {
      invalid("\(path)[\(index)]", word.replacing("\0", with: "\\0"), "must not contain a NUL byte")
    }
  }

  /// Source: validateContainerRestartPolicy (KEP-5307).
  mutating func restartRules(_ path: String, _ container: Container) {
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

  mutating func ports(_ path: String, _ container: Container, hostNetwork: Bool, hostPorts: inout Set<String>) {
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

  mutating func environment(_ path: String, _ container: Container) {
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
      if let field = source.resourceFieldRef { resourceField("\(place).valueFrom.resourceFieldRef", field) }
    }
  }

  mutating func mounts(_ path: String, _ container: Container, volumes: Set<String>) {
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
      if let mode = mount.recursiveReadOnly, mode != "Disabled", !["None", nil].contains(mount.mountPropagation) {
        forbidden("\(place).recursiveReadOnly", "may only be specified when mountPropagation is None or not specified")
      }
    }
  }
}
