internal import KubeModel
internal import LinuxSystem
internal import RuntimeAPI

/// The security settings of a container: its own win over the pod's. Source: kubelet `determineEffectiveSecurityContext`.
enum SecurityConfig {
  /// Source: kubelet securitycontext `defaultMaskedPaths`.
  static let maskedPaths =
    [
      "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
      "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ] + thermalThrottle(in: "/sys/devices/system/cpu")

  /// The processors' counters of throttling tell what other tenants do. Read once: processors that a node could have are there from its
  /// start, plugged in or not.
  static func thermalThrottle(in directory: String) -> [String] {
    let numbers = ((try? listDirectory(directory)) ?? []).compactMap { name in
      name.hasPrefix("cpu") ? Int(name.dropFirst("cpu".count)) : nil
    }
    return numbers.sorted().map { "\(directory)/cpu\($0)/thermal_throttle" }.filter { FileFacts.at($0)?.kind == .directory }
  }
  static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

  static func context(_ container: Container, in pod: Pod, paths: PodPaths, node: NodeFacts) -> ContainerSecurityContext {
    let own = container.securityContext
    let shared = pod.spec.securityContext
    var context = ContainerSecurityContext()
    context.namespaces = namespaces(pod)
    context.privileged = own?.privileged ?? false
    context.runAsUser = (own?.runAsUser ?? shared?.runAsUser).map(Int64.init)
    context.runAsGroup = (own?.runAsGroup ?? shared?.runAsGroup).map(Int64.init)
    context.readOnlyRootFilesystem = own?.readOnlyRootFilesystem ?? false
    context.supplementalGroups = groups(pod)
    context.supplementalGroupsPolicy = shared?.supplementalGroupsPolicy == "Strict" ? .strict : .merge
    context.noNewPrivileges = own?.allowPrivilegeEscalation == false
    context.capabilities = RuntimeAPI.Capabilities(add: own?.capabilities?.add ?? [], drop: own?.capabilities?.drop ?? [])
    if own?.procMount != "Unmasked", !context.privileged {
      context.maskedPaths = maskedPaths
      context.readOnlyPaths = readOnlyPaths
    }
    context.seccomp = seccomp(
      own?.seccompProfile ?? shared?.seccompProfile, isPrivileged: context.privileged, paths: paths, node: node)
    context.appArmor = (own?.appArmorProfile ?? shared?.appArmorProfile).map {
      SecurityProfile(type: type($0.type), localhostRef: $0.localhostProfile ?? "")
    }
    return context
  }

  static func namespaces(_ pod: Pod) -> NamespaceOption {
    NamespaceOption(
      network: pod.isHostNetwork ? .node : .pod,
      pid: pod.spec.hostPID == true ? .node : pod.spec.shareProcessNamespace == true ? .pod : .container,
      ipc: pod.spec.hostIPC == true ? .node : .pod)
  }

  /// fsGroup is a supplemental group of every process.
  static func groups(_ pod: Pod) -> [Int64] {
    let shared = pod.spec.securityContext
    return (shared?.supplementalGroups ?? []).map(Int64.init) + (shared?.fsGroup.map { [Int64($0)] } ?? [])
  }

  static func seccomp(_ profile: SeccompProfile?, isPrivileged: Bool, paths: PodPaths, node: NodeFacts) -> SecurityProfile {
    if isPrivileged { return SecurityProfile(type: .unconfined) }
    guard let profile else { return SecurityProfile(type: node.seccompDefault ? .runtimeDefault : .unconfined) }
    let type = type(profile.type)
    return SecurityProfile(type: type, localhostRef: type == .localhost ? "\(paths.seccomp)/\(profile.localhostProfile ?? "")" : "")
  }

  private static func type(_ text: String) -> SecurityProfileType {
    switch text {
    case "Localhost": .localhost
    case "Unconfined": .unconfined
    default: .runtimeDefault
    }
  }

  /// runAsNonRoot: what is certain to be root, or cannot be checked, does not start. Source: kubelet `verifyRunAsNonRoot`.
  static func checkRunAsNonRoot(_ container: Container, in pod: Pod, image: ImageInfo) throws(KubeletError) {
    let own = container.securityContext
    let shared = pod.spec.securityContext
    guard own?.runAsNonRoot ?? shared?.runAsNonRoot ?? false else { return }
    func fail(_ message: String) -> KubeletError { KubeletError(.invalidPod, reason: "CreateContainerConfigError", message) }
    let place = "(pod: \"\(pod.formatted)\", container: \(container.name))"
    if let user = own?.runAsUser ?? shared?.runAsUser {
      if user == 0 { throw fail("container's runAsUser breaks non-root policy \(place)") }
      return
    }
    if let uid = image.uid, uid != 0 { return }
    if image.uid == nil, !image.username.isEmpty {
      throw fail(
        "container has runAsNonRoot and image has non-numeric user (\(image.username)), cannot verify user is non-root \(place)")
    }
    throw fail("container has runAsNonRoot and image will run as root \(place)")
  }
}
