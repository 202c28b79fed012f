internal import KubeModel
internal import RuntimeAPI

/// From a pod to what the runtime is asked for. Pure.
struct ConfigBuilder: Sendable {
  let pod: Pod
  let paths: PodPaths
  let node: NodeFacts
  /// Path below the cgroup v2 root; empty: the runtime's own parent.
  let cgroupParent: String
  /// Of a pod with a user namespace.
  var users: UserNamespaceOption?

  func sandbox(attempt: UInt32) throws(KubeletError) -> SandboxConfig {
    let names = try PodHostname.names(pod, node: node)
    var config = SandboxConfig(
      metadata: SandboxMetadata(name: pod.podName, uid: paths.uid.rawValue, namespace: pod.namespaceName, attempt: attempt))
    config.hostname = names.uts
    config.logDirectory = paths.logDirectory
    config.dns = DNSPolicy.config(pod, node: node).config
    config.portMappings = pod.isHostNetwork ? [] : portMappings()
    config.labels = (pod.metadata.labels ?? [:]).merging(Labels.pod(pod)) { $1 }
    config.annotations = pod.metadata.annotations ?? [:]
    config.cgroupParent = cgroupParent
    config.securityContext = SandboxSecurityContext(
      namespaces: SecurityConfig.namespaces(pod), runAsUser: pod.spec.securityContext?.runAsUser.map(Int64.init),
      runAsGroup: pod.spec.securityContext?.runAsGroup.map(Int64.init), supplementalGroups: SecurityConfig.groups(pod),
      supplementalGroupsPolicy: pod.spec.securityContext?.supplementalGroupsPolicy == "Strict" ? .strict : .merge,
      privileged: pod.allContainers.contains { $0.container.securityContext?.privileged == true },
      seccomp: SecurityProfile(type: .runtimeDefault))
    config.securityContext.namespaces.user = users
    for sysctl in pod.spec.securityContext?.sysctls ?? [] {
      config.sysctls[sysctl.name.replacing("/", with: ".")] = sysctl.value
    }
    return config
  }

  /// - Parameters:
  ///   - image: id or reference the runtime resolves.
  ///   - environment: from `Environment.variables`.
  ///   - mounts: from `VolumeMounts`, without the files the kubelet itself provides.
  func container(
    _ container: Container, attempt: UInt32, image: String, environment: [EnvironmentVariable], mounts: [RuntimeAPI.Mount]
  ) throws(KubeletError) -> ContainerConfig {
    var config = ContainerConfig(
      metadata: ContainerMetadata(name: container.name, attempt: attempt),
      image: ImageSpec(image: image, userSpecifiedImage: container.image ?? ""))
    (config.command, config.args) = try Environment.commandLine(container, in: pod, environment: environment)
    config.workingDirectory = container.workingDir ?? ""
    config.environment = environment
    config.mounts = mounts + ownMounts(container, attempt: attempt, mounts: mounts)
    if let users {
      // Whose files these are is what the pod's processes see, not what they are on the host.
      for index in config.mounts.indices where config.mounts[index].image == nil {
        (config.mounts[index].uidMappings, config.mounts[index].gidMappings) = (users.uids, users.gids)
      }
    }
    config.labels = Labels.container(container, in: pod)
    config.annotations = Labels.annotations(container, in: pod, attempt: attempt)
    config.logPath = PodPaths.logPath(container.name, attempt: attempt)
    config.stdin = container.stdin ?? false
    config.stdinOnce = container.stdinOnce ?? false
    config.tty = container.tty ?? false
    config.stopSignal = container.lifecycle?.stopSignal.map(StopSignal.number) ?? 0
    config.resources = ContainerResources.linux(container, in: pod, node: node)
    config.securityContext = SecurityConfig.context(container, in: pod, paths: paths, node: node)
    config.securityContext.namespaces.user = users
    return config
  }

  /// /etc/hosts and the termination log, unless the container mounts something there itself.
  private func ownMounts(_ container: Container, attempt: UInt32, mounts: [RuntimeAPI.Mount]) -> [RuntimeAPI.Mount] {
    var own: [RuntimeAPI.Mount] = []
    if !mounts.contains(where: { $0.containerPath == "/etc/hosts" }) {
      own.append(RuntimeAPI.Mount(containerPath: "/etc/hosts", hostPath: paths.hostsFile))
    }
    own.append(
      RuntimeAPI.Mount(containerPath: container.messagePath, hostPath: paths.terminationLog(container.name, attempt: attempt)))
    return own
  }

  private func portMappings() -> [PortMapping] {
    pod.allContainers.flatMap { item in
      (item.container.ports ?? []).map { port in
        let transport: TransportProtocol =
          switch port.protocol ?? "TCP" {
          case "UDP": .udp
          case "SCTP": .sctp
          default: .tcp
          }
        return PortMapping(
          transport: transport, containerPort: port.containerPort, hostPort: port.hostPort ?? 0, hostIP: port.hostIP ?? "")
      }
    }
  }
}
