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
        errors.stopSignal("\(path).lifecycle.stopSignal", lifecycle.stopSignal, os: spec.os?.name)
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
