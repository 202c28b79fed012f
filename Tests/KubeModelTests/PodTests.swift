import Testing

@testable import KubeModel

@Suite("Pod rules") struct PodTests {
  static func container(
    _ name: String = "c", requests: [String: Quantity]? = nil, limits: [String: Quantity]? = nil, restart: String? = nil
  ) -> Container {
    Container(name: name, image: "x", resources: ResourceRequirements(limits: limits, requests: requests), restartPolicy: restart)
  }

  @Test(
    "QoS class follows cpu and memory",
    arguments: [
      ([container()], QoSClass.bestEffort),
      ([container(limits: ["cpu": 1, "memory": 1])], .guaranteed),
      ([container(requests: ["cpu": 1, "memory": 1], limits: ["cpu": 1, "memory": 1])], .guaranteed),
      ([container(requests: ["cpu": 1], limits: ["cpu": 2, "memory": 1])], .burstable),
      ([container(requests: ["memory": 1])], .burstable),
      ([container(limits: ["cpu": 1, "memory": 1]), container("d")], .burstable),
      ([container(requests: ["ephemeral-storage": 1])], .bestEffort),
      ([container(requests: ["cpu": 0])], .bestEffort),
    ])
  func qos(containers: [Container], expected: QoSClass) {
    #expect(Pod(spec: PodSpec(containers: containers)).qosClass == expected)
  }

  @Test("requests: init containers overlap, sidecars add up, overhead comes on top") func sums() {
    let pod = Pod(
      spec: PodSpec(
        containers: [Self.container("a", requests: ["cpu": 2]), Self.container("b", requests: ["cpu": 1])],
        initContainers: [
          Self.container("i", requests: ["cpu": 5]), Self.container("s", requests: ["cpu": 1], restart: "Always"),
          Self.container("j", requests: ["cpu": 3, "memory": 7]),
        ], overhead: ["cpu": Quantity(milli: 100)]))
    #expect(pod.requests == ["cpu": Quantity(milli: 5100), "memory": 7])
    #expect(!pod.isLimited("cpu"))
  }

  @Test("cgroup values are the kubelet's") func cgroups() {
    #expect([0, 1, 100, 1000, 1_000_000].map { CgroupValues.cpuShares(milliCPU: $0) } == [2, 2, 102, 1024, 262_144])
    #expect(
      [1, 2, 3, 10, 100, 1024, 2048, 262_143, 262_144, 1_000_000].map { CgroupValues.cpuWeight(shares: $0) }
        == [1, 1, 1, 1, 4, 39, 79, 9999, 10000, 10000])
    #expect([0, 1, 500].map { CgroupValues.cpuQuota(milliCPU: $0) } == [nil, 1000, 50000])
    let pod = Pod(spec: PodSpec(containers: [Self.container(requests: ["memory": Quantity(1 << 30)])]))
    #expect(CgroupValues.oomScoreAdjust(pod: pod, container: pod.spec.containers[0], memoryCapacity: 4 << 30) == 750)
  }

  @Test(
    "pull policy follows the tag",
    arguments: [
      ("x", "Always"), ("x:latest", "Always"), ("x:1", "IfNotPresent"), ("h:5000/x", "Always"), ("h:5000/x:2", "IfNotPresent"),
      ("x@sha256:0", "IfNotPresent"),
    ])
  func pullPolicy(image: String, expected: String) { #expect(Container.pullPolicy(image: image) == expected) }

  @Test("defaults are complete and stable") func defaults() {
    var pod = Pod(
      metadata: ObjectMeta(name: "p"),
      spec: PodSpec(
        containers: [
          Container(
            name: "c", image: "x", ports: [ContainerPort(containerPort: 80)],
            readinessProbe: Probe(httpGet: HTTPGetAction(port: 80)))
        ], hostNetwork: true, volumes: [Volume(name: "v")]))
    pod.applyDefaults()
    let once = pod
    pod.applyDefaults()
    #expect(pod == once)
    #expect(
      pod.spec.dnsPolicy == "ClusterFirst" && pod.spec.restartPolicy == "Always" && pod.spec.terminationGracePeriodSeconds == 30)
    #expect(pod.spec.containers[0].ports == [ContainerPort(containerPort: 80, hostPort: 80, protocol: "TCP")])
    #expect(
      pod.spec.containers[0].readinessProbe
        == Probe(
          failureThreshold: 3, httpGet: HTTPGetAction(port: 80, path: "/", scheme: "HTTP"), periodSeconds: 10, successThreshold: 1,
          timeoutSeconds: 1))
    #expect(pod.spec.volumes?[0].emptyDir == EmptyDirVolumeSource())
    #expect(pod.validate() == [])
  }

  @Test(
    "a fault is told in Kubernetes' words",
    arguments: [
      (Container(name: "", image: "x"), "spec.containers[0].name: Required value"),
      (Container(name: "c"), "spec.containers[0].image: Required value"),
      (
        Container(name: "c", image: "x", volumeMounts: [VolumeMount(mountPath: "/a", name: "v")]),
        "spec.containers[0].volumeMounts[0].name: Not found: \"v\""
      ),
      (
        Container(name: "c", image: "x", livenessProbe: Probe()),
        "spec.containers[0].livenessProbe: Required value: must specify a handler type"
      ),
      (
        Container(name: "c", image: "x", resources: ResourceRequirements(limits: ["cpu": 1], requests: ["cpu": 2])),
        "spec.containers[0].resources.requests.cpu: Invalid value: 2: must be less than or equal to cpu limit of 1"
      ),
      (
        Container(name: "c", image: "x", ports: [ContainerPort(containerPort: 80, protocol: "tcp")]),
        "spec.containers[0].ports[0].protocol: Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\""
      ),
      (
        Container(name: "c", env: [EnvVar(name: "A=B")], image: "x"),
        "spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='"
      ),
    ])
  func faults(container: Container, expected: String) {
    var pod = Pod(metadata: ObjectMeta(name: "p"), spec: PodSpec(containers: [container]))
    pod.applyDefaults()
    #expect(pod.validate().map(\.description) == [expected])
  }

  @Test("a static pod has a stable UID, name and annotations") func identity() {
    let pod = Pod(metadata: ObjectMeta(name: "web"), spec: PodSpec(containers: [Self.container()]))
    let prepared = StaticPod.prepare(pod, node: "Node1", source: "file:/m/a.yaml", seen: Time(seconds: 0, nanoseconds: 5))
    #expect(prepared.metadata.name == "web-node1" && prepared.metadata.namespace == "default")
    let uid = prepared.metadata.uid ?? ""
    #expect(uid.utf8.count == 32 && uid.allSatisfy(\.isHexDigit))
    #expect(prepared.metadata.annotations?["kubernetes.io/config.hash"] == uid)
    #expect(prepared.metadata.annotations?["kubernetes.io/config.seen"] == "1970-01-01T00:00:00.000000005Z")
    #expect(StaticPod.uid(of: pod, node: "Node1", source: "file:/m/a.yaml") == uid)
    #expect(StaticPod.uid(of: pod, node: "Node2", source: "file:/m/a.yaml") != uid)
    #expect(StaticPod.uid(of: pod, node: "Node1", source: "file:/m/b.yaml") != uid)
    #expect(prepared.isStatic)
  }

  @Test("FNV-1a-128 matches its published values") func fnv() {
    var hash = FNV128()
    #expect(hash.hex == "6c62272e07bb014262b821756295c58d")
    hash.update("a".utf8)
    #expect(hash.hex == "d228cb696f1a8caf78912b704e4a8964")
  }

  @Test("fields without an effect are named") func unsupported() {
    let pod = Pod(
      spec: PodSpec(
        containers: [
          Container(
            name: "c", envFrom: [EnvFromSource()], livenessProbe: Probe(grpc: GRPCAction(port: 1)),
            resources: ResourceRequirements(limits: ["example.com/gpu": 1, "hugepages-2Mi": 2]))
        ],
        runtimeClassName: "x", volumes: [Volume(name: "s", secret: SecretVolumeSource(secretName: "s"))]))
    #expect(
      UnsupportedFields.of(pod).map(\.path) == [
        "spec.containers[0].envFrom", "spec.containers[0].resources.limits.example.com/gpu", "spec.runtimeClassName",
        "spec.volumes[0].secret",
      ])
  }
}

@Suite("KubeletConfiguration") struct KubeletConfigurationTests {
  @Test("an empty file is the defaults, and defaults survive JSON") func defaults() throws {
    let configuration = try KubeletConfiguration.decode([], file: "f")
    #expect(configuration == KubeletConfiguration())
    #expect(
      configuration.healthzPort == 10248 && configuration.maxPods == 110 && configuration.cpuCFSQuotaPeriod.description == "100ms")
    #expect(try JSONValue(encoding: configuration).decode(KubeletConfiguration.self) == configuration)
  }

  @Test("fields and durations are read") func fields() throws {
    let text =
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nsyncFrequency: 1m30s\nnodeStatusUpdateFrequency: 5s\nauthentication: {anonymous: {enabled: true}}\nmaxParallelImagePulls: 3\nregisterWithTaints: [{key: a, effect: NoSchedule}]\nlogging: {format: json}\n"
    let configuration = try KubeletConfiguration.decode(Array(text.utf8), file: "f")
    #expect(
      configuration.syncFrequency == KubeDuration(seconds: 90)
        && configuration.nodeStatusReportFrequency == KubeDuration(seconds: 5))
    #expect(
      configuration.authentication.anonymous.enabled && configuration.authentication.webhook.enabled
        && !configuration.serializeImagePulls)
  }

  @Test("what a file says stands over the defaults: objects field by field, maps and lists whole") func over() throws {
    let text =
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionHard: {memory.available: 1Gi}\nenforceNodeAllocatable: []\nauthentication: {webhook: {enabled: false}}\nmaxPods: null\n"
    let configuration = try KubeletConfiguration.decode(Array(text.utf8), file: "f")
    #expect(configuration.evictionHard == ["memory.available": "1Gi"] && configuration.enforceNodeAllocatable == [])
    #expect(
      !configuration.authentication.webhook.enabled && configuration.authentication.webhook.cacheTTL == KubeDuration(seconds: 120))
    #expect(configuration.maxPods == 110 && configuration.memoryThrottlingFactor == 0.9)
  }

  @Test("an unknown field is an error with its line") func unknown() {
    let text = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPod: 5\nsyncFrequency: 5\n"
    #expect(
      throws: ConfigurationErrors(errors: [
        ManifestError(file: "f", line: 3, column: 1, path: "maxPod", message: "unknown field, did you mean \"maxPods\"?"),
        ManifestError(file: "f", line: 4, column: 16, path: "syncFrequency", message: "expected a duration, found a number"),
      ])
    ) { try KubeletConfiguration.decode(Array(text.utf8), file: "f") }
  }
}
