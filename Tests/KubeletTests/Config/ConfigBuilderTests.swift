import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("Pod to runtime configuration") struct ConfigBuilderTests {
  let node = NodeFacts(
    name: "node1", hostIPs: ["192.0.2.1"], memoryCapacity: 1000 << 20, milliCPUCapacity: 2000, clusterDomain: "cluster.local",
    clusterDNS: ["10.96.0.10"], resolvConf: "search example.org\nnameserver 192.0.2.53\n", hostsFile: "127.0.0.1 node\n")

  func builder(_ pod: Pod) -> ConfigBuilder {
    ConfigBuilder(
      pod: pod, paths: PodPaths(root: "/r", logs: "/l", uid: pod.podUID, namespace: "default", name: pod.podName), node: node,
      cgroupParent: "/kubepods/podu1")
  }

  @Test(
    "references expand, unknown ones stay, a doubled dollar is one",
    arguments: [
      ("$(A)-$(B)", "1-$(B)"), ("$$(A)", "$(A)"), ("$A $(", "$A $("), ("100$", "100$"), ("$(A)$(A)", "11"),
    ])
  func expansion(text: String, expected: String) throws { #expect(try Expansion.expand(text, ["A": "1"]) == expected) }

  @Test("a container gets labels, annotations, files, environment and limits")
  func container() throws {
    var container = Container.test("app")
    container.command = ["sh", "-c", "echo $(GREETING)"]
    container.env = [
      EnvVar(name: "NAME", valueFrom: EnvVarSource(fieldRef: ObjectFieldSelector(fieldPath: "metadata.name"))),
      EnvVar(name: "GREETING", value: "hello $(NAME)"),
      EnvVar(
        name: "MEM",
        valueFrom: EnvVarSource(resourceFieldRef: ResourceFieldSelector(resource: "limits.memory", divisor: Quantity("1Mi")))),
      EnvVar(name: "IP", valueFrom: EnvVarSource(fieldRef: ObjectFieldSelector(fieldPath: "status.podIP"))),
    ]
    container.resources = ResourceRequirements(
      limits: ["memory": Quantity("100Mi")!, "cpu": Quantity("500m")!], requests: ["cpu": Quantity("250m")!])
    let pod = Pod.test([container])
    let environment = try Environment.variables(container, in: pod, podIPs: ["10.0.0.9"], node: node)
    let config = try builder(pod).container(container, attempt: 2, image: "sha256:x", environment: environment, mounts: [])
    #expect(config.command == ["sh", "-c", "echo hello web-node1"])
    #expect(
      config.environment.map { "\($0.name)=\($0.value)" } == [
        "NAME=web-node1", "GREETING=hello web-node1", "MEM=100", "IP=10.0.0.9",
      ])
    #expect(config.labels["io.kubernetes.pod.uid"] == "u1" && config.labels["io.kubernetes.container.name"] == "app")
    #expect(config.annotations["io.kubernetes.container.restartCount"] == "2")
    #expect(config.logPath == "app/2.log")
    #expect(config.mounts.map(\.containerPath) == ["/etc/hosts", "/dev/termination-log"])
    #expect(config.mounts.map(\.hostPath) == ["/r/pods/u1/etc-hosts", "/r/pods/u1/containers/app/00000002"])
    let resources = try #require(config.resources)
    #expect(resources.cpuShares == 256 && resources.cpuQuota == 50_000 && resources.cpuPeriod == 100_000)
    #expect(resources.memoryLimit == 100 << 20 && resources.unified == ["memory.oom.group": "1", "memory.swap.max": "0"])
    #expect(config.securityContext.maskedPaths.contains("/proc/kcore"))
  }

  @Test("a sandbox gets hostname, DNS, ports, namespaces and its place in the tree")
  func sandbox() throws {
    var pod = Pod.test()
    pod.spec.containers[0].ports = [ContainerPort(containerPort: 80, hostPort: 8080)]
    pod.spec.shareProcessNamespace = true
    let config = try builder(pod).sandbox(attempt: 1)
    #expect(config.hostname == "web-node1" && config.metadata.attempt == 1 && config.cgroupParent == "/kubepods/podu1")
    #expect(config.dns?.servers == ["10.96.0.10"])
    #expect(config.dns?.searches == ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"])
    #expect(config.dns?.options == ["ndots:5"])
    #expect(config.portMappings == [PortMapping(containerPort: 80, hostPort: 8080)])
    #expect(config.securityContext.namespaces == NamespaceOption(network: .pod, pid: .pod, ipc: .pod))
    #expect(config.logDirectory == "/l/default_web-node1_u1")
  }

  @Test("the hosts file of a pod names it and its aliases")
  func hosts() {
    var pod = Pod.test()
    pod.spec.hostAliases = [HostAlias(ip: "1.2.3.4", hostnames: ["a", "b"])]
    let text = HostsFile.content(pod, podIPs: ["10.0.0.9"], hostname: "web", domain: "", node: node)
    #expect(text.hasPrefix("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"))
    #expect(text.hasSuffix("fe00::2\tip6-allrouters\n10.0.0.9\tweb\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n"))
    pod.spec.hostNetwork = true
    #expect(
      HostsFile.content(pod, podIPs: [], hostname: "web", domain: "", node: node)
        .hasPrefix("# Kubernetes-managed hosts file (host network).\n127.0.0.1 node\n"))
  }

  @Test(
    "runAsNonRoot refuses what is or may be root",
    arguments: [
      (Int?.none, Int64?(0), "", true), (nil, 1000, "", false), (nil, nil, "app", true), (0, 1000, "", true), (5, 0, "", false),
      (nil, nil, "", true),
    ])
  func nonRoot(runAsUser: Int?, imageUID: Int64?, name: String, isRefused: Bool) {
    var container = Container.test("app")
    container.securityContext = SecurityContext(runAsNonRoot: true, runAsUser: runAsUser)
    let image = ImageInfo(id: ImageID("x"), size: 1, uid: imageUID, username: name)
    do {
      try SecurityConfig.checkRunAsNonRoot(container, in: .test([container]), image: image)
      #expect(!isRefused)
    } catch {
      #expect(isRefused && error.reason == "CreateContainerConfigError")
    }
  }

  @Test("a subPath that leaves its volume is refused", arguments: ["/etc", "../x", "a/../../x"])
  func subPath(path: String) {
    var container = Container.test("app")
    container.volumeMounts = [VolumeMount(mountPath: "/data", name: "v", subPath: path)]
    let paths = PodPaths(root: "/r", logs: "/l", uid: PodUID("u"), namespace: "n", name: "p")
    #expect(throws: KubeletError.self) {
      try VolumeMounts.mounts(container, volumes: ["v": HostPathVolume(path: "/v", type: "")], environment: [:], paths: paths)
    }
  }
}
