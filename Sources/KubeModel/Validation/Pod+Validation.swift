extension Pod {
  /// The faults for which Kubernetes would refuse the pod (pkg/apis/core/validation); call after `applyDefaults`.
  public func validate() -> [FieldError] {
    var errors = FieldErrors()
    validateMetadata(&errors)
    let spec = spec
    errors.oneOf("spec.restartPolicy", spec.restartPolicy, ["Always", "OnFailure", "Never"])
    errors.oneOf("spec.dnsPolicy", spec.dnsPolicy, ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"])
    errors.range("spec.terminationGracePeriodSeconds", spec.terminationGracePeriodSeconds, 0...Int.max)
    errors.range("spec.activeDeadlineSeconds", spec.activeDeadlineSeconds, 1...Int(Int32.max))
    if let hostname = spec.hostname, !hostname.isEmpty, let fault = Names.label(hostname) {
      errors.invalid("spec.hostname", hostname, fault)
    }
    if let name = spec.subdomain, !name.isEmpty, let fault = Names.label(name) { errors.invalid("spec.subdomain", name, fault) }
    if spec.hostPID == true, spec.shareProcessNamespace == true {
      errors.invalid("spec.shareProcessNamespace", true, "ShareProcessNamespace and HostPID cannot both be enabled")
    }
    if spec.hostUsers == false {
      let others = [("hostNetwork", spec.hostNetwork), ("hostPID", spec.hostPID), ("hostIPC", spec.hostIPC)]
      for (name, isHosts) in others where isHosts == true { errors.forbidden("spec.\(name)", "when `hostUsers` is false") }
    }
    validateDNS(&errors)
    for (index, alias) in (spec.hostAliases ?? []).enumerated() {
      if !Names.isAddress(alias.ip) { errors.invalid("spec.hostAliases[\(index)].ip", alias.ip, "must be a valid IP address") }
      for (inner, name) in (alias.hostnames ?? []).enumerated() {
        if let fault = Names.subdomain(name) { errors.invalid("spec.hostAliases[\(index)].hostnames[\(inner)]", name, fault) }
      }
    }
    validateTolerations(&errors)
    errors.amounts("spec.overhead", spec.overhead ?? [:])
    validateSecurity(&errors)
    validateVolumes(&errors)
    validateContainers(&errors)
    return errors.all
  }

  private func validateMetadata(_ errors: inout FieldErrors) {
    if (metadata.name ?? "").isEmpty {
      errors.required("metadata.name", "name or generateName is required")
    } else if let name = metadata.name, let fault = Names.subdomain(name) {
      errors.invalid("metadata.name", name, fault)
    }
    if let namespace = metadata.namespace, !namespace.isEmpty, let fault = Names.label(namespace) {
      errors.invalid("metadata.namespace", namespace, fault)
    }
    // A UID becomes part of paths and cgroup names.
    if let uid = metadata.uid, !uid.utf8.allSatisfy({ 48...57 ~= $0 || 97...122 ~= $0 || 65...90 ~= $0 || $0 == UInt8(ascii: "-") })
    {
      errors.invalid("metadata.uid", uid, "must consist of alphanumeric characters or '-'")
    } else if let uid = metadata.uid, uid.utf8.count > 128 {
      errors.invalid("metadata.uid", uid, "must be no more than 128 characters")
    }
    for (key, value) in (metadata.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
      if let fault = Names.qualified(key) { errors.invalid("metadata.labels", key, fault) }
      if let fault = Names.labelValue(value) { errors.invalid("metadata.labels", value, fault) }
    }
    var size = 0
    for (key, value) in metadata.annotations ?? [:] {
      if let fault = Names.qualified(key.lowercased()) { errors.invalid("metadata.annotations", key, fault) }
      size += key.utf8.count + value.utf8.count
    }
    if size > 256 << 10 { errors.add("metadata.annotations", "Too long: may not be more than 262144 bytes") }
  }

  private func validateDNS(_ errors: inout FieldErrors) {
    let servers = spec.dnsConfig?.nameservers ?? []
    if spec.dnsPolicy == "None", servers.isEmpty {
      errors.required("spec.dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
    }
    if servers.count > 3 { errors.invalid("spec.dnsConfig.nameservers", servers.count, "must not have more than 3 nameservers") }
    for (index, server) in servers.enumerated() where !Names.isAddress(server) {
      errors.invalid("spec.dnsConfig.nameservers[\(index)]", server, "must be a valid IP address")
    }
    for (index, option) in (spec.dnsConfig?.options ?? []).enumerated() where (option.name ?? "").isEmpty {
      errors.required("spec.dnsConfig.options[\(index)]", "must not be empty")
    }
  }

  /// Source: ValidateTolerations.
  private func validateTolerations(_ errors: inout FieldErrors) {
    for (index, toleration) in (spec.tolerations ?? []).enumerated() {
      let path = "spec.tolerations[\(index)]"
      let key = toleration.key ?? ""
      let isExists = toleration.operator == "Exists"
      if !key.isEmpty {
        if let fault = Names.qualified(key) { errors.invalid("\(path).key", key, fault) }
      } else if !isExists {
        errors.invalid(
          "\(path).operator", toleration.operator ?? "",
          "operator must be Exists when `key` is empty, which means \"match all values and all keys\"")
      }
      errors.oneOf("\(path).operator", toleration.operator, ["", "Equal", "Exists", "Lt", "Gt"])
      if isExists, !(toleration.value ?? "").isEmpty {
        errors.invalid("\(path).value", toleration.value ?? "", "value must be empty when `operator` is 'Exists'")
      } else if let value = toleration.value, let fault = Names.labelValue(value) {
        errors.invalid("\(path).value", value, fault)
      }
      if toleration.tolerationSeconds != nil, toleration.effect != "NoExecute" {
        errors.invalid("\(path).effect", toleration.effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set")
      }
      errors.oneOf("\(path).effect", toleration.effect, ["", "NoSchedule", "PreferNoSchedule", "NoExecute"])
    }
  }

  private func validateSecurity(_ errors: inout FieldErrors) {
    guard let context = spec.securityContext else { return }
    let path = "spec.securityContext"
    let ids = 0...Int(Int32.max)
    errors.range("\(path).runAsUser", context.runAsUser, ids)
    errors.range("\(path).runAsGroup", context.runAsGroup, ids)
    errors.range("\(path).fsGroup", context.fsGroup, ids)
    for (index, group) in (context.supplementalGroups ?? []).enumerated() {
      errors.range("\(path).supplementalGroups[\(index)]", group, ids)
    }
    errors.oneOf("\(path).fsGroupChangePolicy", context.fsGroupChangePolicy, ["Always", "OnRootMismatch"])
    errors.oneOf("\(path).supplementalGroupsPolicy", context.supplementalGroupsPolicy, ["Merge", "Strict"])
    errors.seccomp("\(path).seccompProfile", context.seccompProfile)
    var names: Set<String> = []
    for (index, sysctl) in (context.sysctls ?? []).enumerated() {
      let place = "\(path).sysctls[\(index)].name"
      if sysctl.name.isEmpty {
        errors.required(place)
      } else if !names.insert(sysctl.name).inserted {
        errors.duplicate(place, sysctl.name)
      }
      if sysctl.name.split(separator: "/").contains("..") { errors.invalid(place, sysctl.name, "must not contain '..'") }
      if spec.hostNetwork == true, sysctl.name.hasPrefix("net.") || sysctl.name.hasPrefix("net/") {
        errors.invalid(place, sysctl.name, "may not be specified when 'hostNetwork' is true")
      }
      if spec.hostIPC == true, ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].contains(where: sysctl.name.hasPrefix) {
        errors.invalid(place, sysctl.name, "may not be specified when 'hostIPC' is true")
      }
    }
  }

  private func validateVolumes(_ errors: inout FieldErrors) {
    var names: Set<String> = []
    for (index, volume) in (spec.volumes ?? []).enumerated() {
      let path = "spec.volumes[\(index)]"
      if volume.name.isEmpty {
        errors.required("\(path).name")
      } else if let fault = Names.label(volume.name) {
        errors.invalid("\(path).name", volume.name, fault)
      } else if !names.insert(volume.name).inserted {
        errors.duplicate("\(path).name", volume.name)
      }
      let sources = volume.sourceNames
      if sources.isEmpty { errors.required(path, "must specify a volume type") }
      for extra in sources.dropFirst() { errors.forbidden("\(path).\(extra)", "may not specify more than 1 volume type") }
      if let source = volume.image {
        if (source.reference ?? "").isEmpty { errors.required("\(path).image.reference") }
        errors.oneOf("\(path).image.pullPolicy", source.pullPolicy, ["Always", "IfNotPresent", "Never"])
      }
      if let source = volume.emptyDir {
        errors.oneOf("\(path).emptyDir.medium", source.medium, ["", "Memory", "HugePages", "HugePages-2Mi", "HugePages-1Gi"])
        if let size = source.sizeLimit, size < 0 {
          errors.forbidden("\(path).emptyDir.sizeLimit", "SizeLimit field must be a valid resource quantity")
        }
      }
      let files = (volume.downwardAPI?.items ?? []).enumerated().map { ("\(path).downwardAPI.items[\($0)]", $1) }
      let projected = (volume.projected?.sources ?? []).enumerated().flatMap { outer, source in
        (source.downwardAPI?.items ?? []).enumerated().map { ("\(path).projected.sources[\(outer)].downwardAPI.items[\($0)]", $1) }
      }
      for (place, file) in files + projected { errors.downwardFile(place, file) }
      for (place, mode) in [("downwardAPI", volume.downwardAPI?.defaultMode), ("projected", volume.projected?.defaultMode)] {
        if let mode { errors.range("\(path).\(place).defaultMode", Int(mode), 0...0o777) }
      }
      if let source = volume.hostPath {
        if source.path.isEmpty {
          errors.required("\(path).hostPath.path")
        } else if !source.path.hasPrefix("/") {
          errors.invalid("\(path).hostPath.path", source.path, "must be an absolute path of this node")
        }
        if source.path.split(separator: "/").contains("..") {
          errors.invalid("\(path).hostPath.path", source.path, "must not contain '..'")
        }
        errors.oneOf(
          "\(path).hostPath.type", source.type,
          ["", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"])
      }
    }
  }
}

extension FieldErrors {
  mutating func downwardFile(_ path: String, _ file: DownwardAPIVolumeFile) {
    let parts = file.path.split(separator: "/")
    if file.path.isEmpty { required("\(path).path") }
    if file.path.hasPrefix("/") { invalid("\(path).path", file.path, "must be a relative path") }
    if parts.contains("..") { invalid("\(path).path", file.path, "must not contain '..'") }
    if parts.first?.hasPrefix("..") == true { invalid("\(path).path", file.path, "must not start with '..'") }
    if let mode = file.mode { range("\(path).mode", Int(mode), 0...0o777) }
    switch (file.fieldRef, file.resourceFieldRef) {
    case (nil, nil): required(path, "one of fieldRef and resourceFieldRef is required")
    case (.some, .some): invalid(path, file.path, "fieldRef and resourceFieldRef can not be specified simultaneously")
    case (let field?, nil):
      let plain = ["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"]
      let isKeyed =
        ["metadata.labels['", "metadata.annotations['"].contains(where: field.fieldPath.hasPrefix)
        && field.fieldPath.hasSuffix("']")
      if !isKeyed { oneOf("\(path).fieldRef.fieldPath", field.fieldPath, plain) }
    case (nil, let field?):
      if (field.containerName ?? "").isEmpty { required("\(path).resourceFieldRef.containerName") }
      resourceField("\(path).resourceFieldRef", field)
    }
  }
}
