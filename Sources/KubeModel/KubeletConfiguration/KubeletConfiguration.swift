/// The kubelet's configuration file (kubelet.config.k8s.io/v1beta1) with the defaults of Kubernetes 1.36. Fields that this version does not
/// act on are here too, so that a file of a real node loads. `logging`, `tracing` and lists of records without a use yet are kept as JSON.
/// Decoding wants every field: `decode` puts those of a file over the defaults.
public struct KubeletConfiguration: Codable, Equatable, Sendable {
  public var enableServer: Bool = true
  public var staticPodPath: String = ""
  public var podLogsDir: String = "/var/log/pods"
  public var syncFrequency: KubeDuration = KubeDuration(seconds: 60)
  public var fileCheckFrequency: KubeDuration = KubeDuration(seconds: 20)
  public var httpCheckFrequency: KubeDuration = KubeDuration(seconds: 20)
  public var staticPodURL: String = ""
  public var staticPodURLHeader: [String: [String]] = [:]
  public var address: String = "0.0.0.0"
  public var port: Int = 10250
  public var readOnlyPort: Int = 0
  public var tlsCertFile: String = ""
  public var tlsPrivateKeyFile: String = ""
  public var tlsCipherSuites: [String] = []
  public var tlsCurvePreferences: [String] = []
  public var tlsMinVersion: String = ""
  public var rotateCertificates: Bool = false
  public var serverTLSBootstrap: Bool = false
  public var authentication: KubeletAuthentication = KubeletAuthentication()
  public var authorization: KubeletAuthorization = KubeletAuthorization()
  public var registryPullQPS: Int = 5
  public var registryBurst: Int = 10
  public var imagePullCredentialsVerificationPolicy: String = "NeverVerifyPreloadedImages"
  public var preloadedImagesVerificationAllowlist: [String] = []
  public var eventRecordQPS: Int = 50
  public var eventBurst: Int = 100
  public var enableDebuggingHandlers: Bool = true
  public var enableContentionProfiling: Bool = false
  public var healthzPort: Int = 10248
  public var healthzBindAddress: String = "127.0.0.1"
  public var oomScoreAdj: Int = -999
  public var clusterDomain: String = ""
  public var clusterDNS: [String] = []
  public var streamingConnectionIdleTimeout: KubeDuration = KubeDuration(seconds: 14400)
  public var nodeStatusUpdateFrequency: KubeDuration = KubeDuration(seconds: 10)
  public var nodeStatusReportFrequency: KubeDuration = KubeDuration(seconds: 300)
  public var nodeLeaseDurationSeconds: Int = 40
  public var imageMinimumGCAge: KubeDuration = KubeDuration(seconds: 120)
  public var imageMaximumGCAge: KubeDuration = KubeDuration(seconds: 0)
  public var imageGCHighThresholdPercent: Int = 85
  public var imageGCLowThresholdPercent: Int = 80
  public var volumeStatsAggPeriod: KubeDuration = KubeDuration(seconds: 60)
  public var kubeletCgroups: String = ""
  public var systemCgroups: String = ""
  public var cgroupRoot: String = ""
  public var cgroupsPerQOS: Bool = true
  public var cgroupDriver: String = "cgroupfs"
  public var cpuManagerPolicy: String = "none"
  public var singleProcessOOMKill: Bool?
  public var cpuManagerPolicyOptions: [String: String] = [:]
  public var cpuManagerReconcilePeriod: KubeDuration = KubeDuration(seconds: 10)
  public var memoryManagerPolicy: String = "None"
  public var topologyManagerPolicy: String = "none"
  public var topologyManagerScope: String = "container"
  public var topologyManagerPolicyOptions: [String: String] = [:]
  public var qosReserved: [String: String] = [:]
  public var runtimeRequestTimeout: KubeDuration = KubeDuration(seconds: 120)
  public var hairpinMode: String = "promiscuous-bridge"
  public var maxPods: Int = 110
  public var podCIDR: String = ""
  public var podPidsLimit: Int = -1
  public var resolvConf: String = "/etc/resolv.conf"
  public var runOnce: Bool = false
  public var cpuCFSQuota: Bool = true
  public var cpuCFSQuotaPeriod: KubeDuration = KubeDuration(nanoseconds: 100_000_000)
  public var nodeStatusMaxImages: Int = 50
  public var maxOpenFiles: Int = 1000000
  public var contentType: String = "application/vnd.kubernetes.protobuf"
  public var kubeAPIQPS: Int = 50
  public var kubeAPIBurst: Int = 100
  public var serializeImagePulls: Bool = true
  public var maxParallelImagePulls: Int?
  public var evictionHard = [
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
  ]
  public var evictionSoft: [String: String] = [:]
  public var evictionSoftGracePeriod: [String: String] = [:]
  public var evictionPressureTransitionPeriod: KubeDuration = KubeDuration(seconds: 300)
  public var evictionMaxPodGracePeriod: Int = 0
  public var evictionMinimumReclaim: [String: String] = [:]
  public var mergeDefaultEvictionSettings: Bool = false
  public var podsPerCore: Int = 0
  public var enableControllerAttachDetach: Bool = true
  public var protectKernelDefaults: Bool = false
  public var makeIPTablesUtilChains: Bool = true
  public var iptablesMasqueradeBit: Int = 14
  public var iptablesDropBit: Int = 15
  public var featureGates: [String: Bool] = [:]
  public var failSwapOn: Bool = true
  public var memorySwap: KubeletMemorySwap = KubeletMemorySwap()
  public var containerLogMaxSize: String = "10Mi"
  public var containerLogMaxFiles: Int = 5
  public var containerLogMaxWorkers: Int = 1
  public var containerLogMonitorInterval: KubeDuration = KubeDuration(seconds: 10)
  public var configMapAndSecretChangeDetectionStrategy: String = "Watch"
  public var systemReserved: [String: String] = [:]
  public var kubeReserved: [String: String] = [:]
  public var reservedSystemCPUs: String = ""
  public var showHiddenMetricsForVersion: String = ""
  public var systemReservedCgroup: String = ""
  public var kubeReservedCgroup: String = ""
  public var enforceNodeAllocatable: [String] = ["pods"]
  public var allowedUnsafeSysctls: [String] = []
  public var volumePluginDir: String = "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/"
  public var providerID: String = ""
  public var kernelMemcgNotification: Bool = false
  public var logging: JSONValue?
  public var enableSystemLogHandler: Bool = true
  public var enableSystemLogQuery: Bool = false
  public var shutdownGracePeriod: KubeDuration = KubeDuration(seconds: 0)
  public var shutdownGracePeriodCriticalPods: KubeDuration = KubeDuration(seconds: 0)
  public var shutdownGracePeriodByPodPriority: JSONValue?
  public var crashLoopBackOff: KubeletCrashLoopBackOff = KubeletCrashLoopBackOff()
  public var reservedMemory: JSONValue?
  public var enableProfilingHandler: Bool = true
  public var enableDebugFlagsHandler: Bool = true
  public var seccompDefault: Bool = false
  public var memoryThrottlingFactor: Double = 0.9
  public var memoryReservationPolicy: String = "None"
  public var registerWithTaints: [Taint] = []
  public var registerNode: Bool = true
  public var tracing: JSONValue?
  public var localStorageCapacityIsolation: Bool = true
  public var containerRuntimeEndpoint: String = "unix:///run/containerd/containerd.sock"
  public var imageServiceEndpoint: String = ""
  public var failCgroupV1: Bool = true
  public var userNamespaces: KubeletUserNamespaces = KubeletUserNamespaces()

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletAuthentication: Codable, Equatable, Sendable {
  public var x509: KubeletX509 = KubeletX509()
  public var webhook: KubeletWebhook = KubeletWebhook()
  public var anonymous: KubeletAnonymous = KubeletAnonymous()

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletX509: Codable, Equatable, Sendable {
  public var clientCAFile: String = ""

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletWebhook: Codable, Equatable, Sendable {
  public var enabled: Bool = true
  public var cacheTTL: KubeDuration = KubeDuration(seconds: 120)

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletAnonymous: Codable, Equatable, Sendable {
  public var enabled: Bool = false

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletAuthorization: Codable, Equatable, Sendable {
  public var mode: String = "Webhook"
  public var webhook: KubeletWebhookAuthorization = KubeletWebhookAuthorization()

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletWebhookAuthorization: Codable, Equatable, Sendable {
  public var cacheAuthorizedTTL: KubeDuration = KubeDuration(seconds: 300)
  public var cacheUnauthorizedTTL: KubeDuration = KubeDuration(seconds: 30)

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletMemorySwap: Codable, Equatable, Sendable {
  public var swapBehavior: String = ""

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletCrashLoopBackOff: Codable, Equatable, Sendable {
  public var maxContainerRestartPeriod: KubeDuration = KubeDuration(seconds: 300)

  public init() {}
}

/// Part of `KubeletConfiguration`.
public struct KubeletUserNamespaces: Codable, Equatable, Sendable {
  public var idsPerPod: Int = 65536

  public init() {}
}
