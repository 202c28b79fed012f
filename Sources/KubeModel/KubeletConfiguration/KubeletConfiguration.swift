/// The kubelet's configuration file (kubelet.config.k8s.io/v1beta1) with the defaults of Kubernetes 1.36. Fields that this version does not
/// act on are here too, so that a file of a real node loads. `logging`, `tracing` and lists of records without a use yet are kept as JSON.
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

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    enableServer = try fields.decodeIfPresent(Bool.self, forKey: .enableServer) ?? enableServer
    staticPodPath = try fields.decodeIfPresent(String.self, forKey: .staticPodPath) ?? staticPodPath
    podLogsDir = try fields.decodeIfPresent(String.self, forKey: .podLogsDir) ?? podLogsDir
    syncFrequency = try fields.decodeIfPresent(KubeDuration.self, forKey: .syncFrequency) ?? syncFrequency
    fileCheckFrequency = try fields.decodeIfPresent(KubeDuration.self, forKey: .fileCheckFrequency) ?? fileCheckFrequency
    httpCheckFrequency = try fields.decodeIfPresent(KubeDuration.self, forKey: .httpCheckFrequency) ?? httpCheckFrequency
    staticPodURL = try fields.decodeIfPresent(String.self, forKey: .staticPodURL) ?? staticPodURL
    staticPodURLHeader = try fields.decodeIfPresent([String: [String]].self, forKey: .staticPodURLHeader) ?? staticPodURLHeader
    address = try fields.decodeIfPresent(String.self, forKey: .address) ?? address
    port = try fields.decodeIfPresent(Int.self, forKey: .port) ?? port
    readOnlyPort = try fields.decodeIfPresent(Int.self, forKey: .readOnlyPort) ?? readOnlyPort
    tlsCertFile = try fields.decodeIfPresent(String.self, forKey: .tlsCertFile) ?? tlsCertFile
    tlsPrivateKeyFile = try fields.decodeIfPresent(String.self, forKey: .tlsPrivateKeyFile) ?? tlsPrivateKeyFile
    tlsCipherSuites = try fields.decodeIfPresent([String].self, forKey: .tlsCipherSuites) ?? tlsCipherSuites
    tlsCurvePreferences = try fields.decodeIfPresent([String].self, forKey: .tlsCurvePreferences) ?? tlsCurvePreferences
    tlsMinVersion = try fields.decodeIfPresent(String.self, forKey: .tlsMinVersion) ?? tlsMinVersion
    rotateCertificates = try fields.decodeIfPresent(Bool.self, forKey: .rotateCertificates) ?? rotateCertificates
    serverTLSBootstrap = try fields.decodeIfPresent(Bool.self, forKey: .serverTLSBootstrap) ?? serverTLSBootstrap
    authentication = try fields.decodeIfPresent(KubeletAuthentication.self, forKey: .authentication) ?? authentication
    authorization = try fields.decodeIfPresent(KubeletAuthorization.self, forKey: .authorization) ?? authorization
    registryPullQPS = try fields.decodeIfPresent(Int.self, forKey: .registryPullQPS) ?? registryPullQPS
    registryBurst = try fields.decodeIfPresent(Int.self, forKey: .registryBurst) ?? registryBurst
    imagePullCredentialsVerificationPolicy =
      try fields.decodeIfPresent(String.self, forKey: .imagePullCredentialsVerificationPolicy)
      ?? imagePullCredentialsVerificationPolicy
    preloadedImagesVerificationAllowlist =
      try fields.decodeIfPresent([String].self, forKey: .preloadedImagesVerificationAllowlist)
      ?? preloadedImagesVerificationAllowlist
    eventRecordQPS = try fields.decodeIfPresent(Int.self, forKey: .eventRecordQPS) ?? eventRecordQPS
    eventBurst = try fields.decodeIfPresent(Int.self, forKey: .eventBurst) ?? eventBurst
    enableDebuggingHandlers = try fields.decodeIfPresent(Bool.self, forKey: .enableDebuggingHandlers) ?? enableDebuggingHandlers
    enableContentionProfiling =
      try fields.decodeIfPresent(Bool.self, forKey: .enableContentionProfiling) ?? enableContentionProfiling
    healthzPort = try fields.decodeIfPresent(Int.self, forKey: .healthzPort) ?? healthzPort
    healthzBindAddress = try fields.decodeIfPresent(String.self, forKey: .healthzBindAddress) ?? healthzBindAddress
    oomScoreAdj = try fields.decodeIfPresent(Int.self, forKey: .oomScoreAdj) ?? oomScoreAdj
    clusterDomain = try fields.decodeIfPresent(String.self, forKey: .clusterDomain) ?? clusterDomain
    clusterDNS = try fields.decodeIfPresent([String].self, forKey: .clusterDNS) ?? clusterDNS
    streamingConnectionIdleTimeout =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .streamingConnectionIdleTimeout) ?? streamingConnectionIdleTimeout
    nodeStatusUpdateFrequency =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .nodeStatusUpdateFrequency) ?? nodeStatusUpdateFrequency
    nodeStatusReportFrequency =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .nodeStatusReportFrequency) ?? nodeStatusReportFrequency
    nodeLeaseDurationSeconds = try fields.decodeIfPresent(Int.self, forKey: .nodeLeaseDurationSeconds) ?? nodeLeaseDurationSeconds
    imageMinimumGCAge = try fields.decodeIfPresent(KubeDuration.self, forKey: .imageMinimumGCAge) ?? imageMinimumGCAge
    imageMaximumGCAge = try fields.decodeIfPresent(KubeDuration.self, forKey: .imageMaximumGCAge) ?? imageMaximumGCAge
    imageGCHighThresholdPercent =
      try fields.decodeIfPresent(Int.self, forKey: .imageGCHighThresholdPercent) ?? imageGCHighThresholdPercent
    imageGCLowThresholdPercent =
      try fields.decodeIfPresent(Int.self, forKey: .imageGCLowThresholdPercent) ?? imageGCLowThresholdPercent
    volumeStatsAggPeriod = try fields.decodeIfPresent(KubeDuration.self, forKey: .volumeStatsAggPeriod) ?? volumeStatsAggPeriod
    kubeletCgroups = try fields.decodeIfPresent(String.self, forKey: .kubeletCgroups) ?? kubeletCgroups
    systemCgroups = try fields.decodeIfPresent(String.self, forKey: .systemCgroups) ?? systemCgroups
    cgroupRoot = try fields.decodeIfPresent(String.self, forKey: .cgroupRoot) ?? cgroupRoot
    cgroupsPerQOS = try fields.decodeIfPresent(Bool.self, forKey: .cgroupsPerQOS) ?? cgroupsPerQOS
    cgroupDriver = try fields.decodeIfPresent(String.self, forKey: .cgroupDriver) ?? cgroupDriver
    cpuManagerPolicy = try fields.decodeIfPresent(String.self, forKey: .cpuManagerPolicy) ?? cpuManagerPolicy
    singleProcessOOMKill = try fields.decodeIfPresent(Bool.self, forKey: .singleProcessOOMKill)
    cpuManagerPolicyOptions =
      try fields.decodeIfPresent([String: String].self, forKey: .cpuManagerPolicyOptions) ?? cpuManagerPolicyOptions
    cpuManagerReconcilePeriod =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .cpuManagerReconcilePeriod) ?? cpuManagerReconcilePeriod
    memoryManagerPolicy = try fields.decodeIfPresent(String.self, forKey: .memoryManagerPolicy) ?? memoryManagerPolicy
    topologyManagerPolicy = try fields.decodeIfPresent(String.self, forKey: .topologyManagerPolicy) ?? topologyManagerPolicy
    topologyManagerScope = try fields.decodeIfPresent(String.self, forKey: .topologyManagerScope) ?? topologyManagerScope
    topologyManagerPolicyOptions =
      try fields.decodeIfPresent([String: String].self, forKey: .topologyManagerPolicyOptions) ?? topologyManagerPolicyOptions
    qosReserved = try fields.decodeIfPresent([String: String].self, forKey: .qosReserved) ?? qosReserved
    runtimeRequestTimeout = try fields.decodeIfPresent(KubeDuration.self, forKey: .runtimeRequestTimeout) ?? runtimeRequestTimeout
    hairpinMode = try fields.decodeIfPresent(String.self, forKey: .hairpinMode) ?? hairpinMode
    maxPods = try fields.decodeIfPresent(Int.self, forKey: .maxPods) ?? maxPods
    podCIDR = try fields.decodeIfPresent(String.self, forKey: .podCIDR) ?? podCIDR
    podPidsLimit = try fields.decodeIfPresent(Int.self, forKey: .podPidsLimit) ?? podPidsLimit
    resolvConf = try fields.decodeIfPresent(String.self, forKey: .resolvConf) ?? resolvConf
    runOnce = try fields.decodeIfPresent(Bool.self, forKey: .runOnce) ?? runOnce
    cpuCFSQuota = try fields.decodeIfPresent(Bool.self, forKey: .cpuCFSQuota) ?? cpuCFSQuota
    cpuCFSQuotaPeriod = try fields.decodeIfPresent(KubeDuration.self, forKey: .cpuCFSQuotaPeriod) ?? cpuCFSQuotaPeriod
    nodeStatusMaxImages = try fields.decodeIfPresent(Int.self, forKey: .nodeStatusMaxImages) ?? nodeStatusMaxImages
    maxOpenFiles = try fields.decodeIfPresent(Int.self, forKey: .maxOpenFiles) ?? maxOpenFiles
    contentType = try fields.decodeIfPresent(String.self, forKey: .contentType) ?? contentType
    kubeAPIQPS = try fields.decodeIfPresent(Int.self, forKey: .kubeAPIQPS) ?? kubeAPIQPS
    kubeAPIBurst = try fields.decodeIfPresent(Int.self, forKey: .kubeAPIBurst) ?? kubeAPIBurst
    serializeImagePulls = try fields.decodeIfPresent(Bool.self, forKey: .serializeImagePulls) ?? serializeImagePulls
    maxParallelImagePulls = try fields.decodeIfPresent(Int.self, forKey: .maxParallelImagePulls)
    evictionHard = try fields.decodeIfPresent([String: String].self, forKey: .evictionHard) ?? evictionHard
    evictionSoft = try fields.decodeIfPresent([String: String].self, forKey: .evictionSoft) ?? evictionSoft
    evictionSoftGracePeriod =
      try fields.decodeIfPresent([String: String].self, forKey: .evictionSoftGracePeriod) ?? evictionSoftGracePeriod
    evictionPressureTransitionPeriod =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .evictionPressureTransitionPeriod) ?? evictionPressureTransitionPeriod
    evictionMaxPodGracePeriod =
      try fields.decodeIfPresent(Int.self, forKey: .evictionMaxPodGracePeriod) ?? evictionMaxPodGracePeriod
    evictionMinimumReclaim =
      try fields.decodeIfPresent([String: String].self, forKey: .evictionMinimumReclaim) ?? evictionMinimumReclaim
    mergeDefaultEvictionSettings =
      try fields.decodeIfPresent(Bool.self, forKey: .mergeDefaultEvictionSettings) ?? mergeDefaultEvictionSettings
    podsPerCore = try fields.decodeIfPresent(Int.self, forKey: .podsPerCore) ?? podsPerCore
    enableControllerAttachDetach =
      try fields.decodeIfPresent(Bool.self, forKey: .enableControllerAttachDetach) ?? enableControllerAttachDetach
    protectKernelDefaults = try fields.decodeIfPresent(Bool.self, forKey: .protectKernelDefaults) ?? protectKernelDefaults
    makeIPTablesUtilChains = try fields.decodeIfPresent(Bool.self, forKey: .makeIPTablesUtilChains) ?? makeIPTablesUtilChains
    iptablesMasqueradeBit = try fields.decodeIfPresent(Int.self, forKey: .iptablesMasqueradeBit) ?? iptablesMasqueradeBit
    iptablesDropBit = try fields.decodeIfPresent(Int.self, forKey: .iptablesDropBit) ?? iptablesDropBit
    featureGates = try fields.decodeIfPresent([String: Bool].self, forKey: .featureGates) ?? featureGates
    failSwapOn = try fields.decodeIfPresent(Bool.self, forKey: .failSwapOn) ?? failSwapOn
    memorySwap = try fields.decodeIfPresent(KubeletMemorySwap.self, forKey: .memorySwap) ?? memorySwap
    containerLogMaxSize = try fields.decodeIfPresent(String.self, forKey: .containerLogMaxSize) ?? containerLogMaxSize
    containerLogMaxFiles = try fields.decodeIfPresent(Int.self, forKey: .containerLogMaxFiles) ?? containerLogMaxFiles
    containerLogMaxWorkers = try fields.decodeIfPresent(Int.self, forKey: .containerLogMaxWorkers) ?? containerLogMaxWorkers
    containerLogMonitorInterval =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .containerLogMonitorInterval) ?? containerLogMonitorInterval
    configMapAndSecretChangeDetectionStrategy =
      try fields.decodeIfPresent(String.self, forKey: .configMapAndSecretChangeDetectionStrategy)
      ?? configMapAndSecretChangeDetectionStrategy
    systemReserved = try fields.decodeIfPresent([String: String].self, forKey: .systemReserved) ?? systemReserved
    kubeReserved = try fields.decodeIfPresent([String: String].self, forKey: .kubeReserved) ?? kubeReserved
    reservedSystemCPUs = try fields.decodeIfPresent(String.self, forKey: .reservedSystemCPUs) ?? reservedSystemCPUs
    showHiddenMetricsForVersion =
      try fields.decodeIfPresent(String.self, forKey: .showHiddenMetricsForVersion) ?? showHiddenMetricsForVersion
    systemReservedCgroup = try fields.decodeIfPresent(String.self, forKey: .systemReservedCgroup) ?? systemReservedCgroup
    kubeReservedCgroup = try fields.decodeIfPresent(String.self, forKey: .kubeReservedCgroup) ?? kubeReservedCgroup
    enforceNodeAllocatable = try fields.decodeIfPresent([String].self, forKey: .enforceNodeAllocatable) ?? enforceNodeAllocatable
    allowedUnsafeSysctls = try fields.decodeIfPresent([String].self, forKey: .allowedUnsafeSysctls) ?? allowedUnsafeSysctls
    volumePluginDir = try fields.decodeIfPresent(String.self, forKey: .volumePluginDir) ?? volumePluginDir
    providerID = try fields.decodeIfPresent(String.self, forKey: .providerID) ?? providerID
    kernelMemcgNotification = try fields.decodeIfPresent(Bool.self, forKey: .kernelMemcgNotification) ?? kernelMemcgNotification
    logging = try fields.decodeIfPresent(JSONValue.self, forKey: .logging)
    enableSystemLogHandler = try fields.decodeIfPresent(Bool.self, forKey: .enableSystemLogHandler) ?? enableSystemLogHandler
    enableSystemLogQuery = try fields.decodeIfPresent(Bool.self, forKey: .enableSystemLogQuery) ?? enableSystemLogQuery
    shutdownGracePeriod = try fields.decodeIfPresent(KubeDuration.self, forKey: .shutdownGracePeriod) ?? shutdownGracePeriod
    shutdownGracePeriodCriticalPods =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .shutdownGracePeriodCriticalPods) ?? shutdownGracePeriodCriticalPods
    shutdownGracePeriodByPodPriority = try fields.decodeIfPresent(JSONValue.self, forKey: .shutdownGracePeriodByPodPriority)
    crashLoopBackOff = try fields.decodeIfPresent(KubeletCrashLoopBackOff.self, forKey: .crashLoopBackOff) ?? crashLoopBackOff
    reservedMemory = try fields.decodeIfPresent(JSONValue.self, forKey: .reservedMemory)
    enableProfilingHandler = try fields.decodeIfPresent(Bool.self, forKey: .enableProfilingHandler) ?? enableProfilingHandler
    enableDebugFlagsHandler = try fields.decodeIfPresent(Bool.self, forKey: .enableDebugFlagsHandler) ?? enableDebugFlagsHandler
    seccompDefault = try fields.decodeIfPresent(Bool.self, forKey: .seccompDefault) ?? seccompDefault
    memoryThrottlingFactor = try fields.decodeIfPresent(Double.self, forKey: .memoryThrottlingFactor) ?? memoryThrottlingFactor
    memoryReservationPolicy = try fields.decodeIfPresent(String.self, forKey: .memoryReservationPolicy) ?? memoryReservationPolicy
    registerWithTaints = try fields.decodeIfPresent([Taint].self, forKey: .registerWithTaints) ?? registerWithTaints
    registerNode = try fields.decodeIfPresent(Bool.self, forKey: .registerNode) ?? registerNode
    tracing = try fields.decodeIfPresent(JSONValue.self, forKey: .tracing)
    localStorageCapacityIsolation =
      try fields.decodeIfPresent(Bool.self, forKey: .localStorageCapacityIsolation) ?? localStorageCapacityIsolation
    containerRuntimeEndpoint =
      try fields.decodeIfPresent(String.self, forKey: .containerRuntimeEndpoint) ?? containerRuntimeEndpoint
    imageServiceEndpoint = try fields.decodeIfPresent(String.self, forKey: .imageServiceEndpoint) ?? imageServiceEndpoint
    failCgroupV1 = try fields.decodeIfPresent(Bool.self, forKey: .failCgroupV1) ?? failCgroupV1
    userNamespaces = try fields.decodeIfPresent(KubeletUserNamespaces.self, forKey: .userNamespaces) ?? userNamespaces
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletAuthentication: Codable, Equatable, Sendable {
  public var x509: KubeletX509 = KubeletX509()
  public var webhook: KubeletWebhook = KubeletWebhook()
  public var anonymous: KubeletAnonymous = KubeletAnonymous()

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    x509 = try fields.decodeIfPresent(KubeletX509.self, forKey: .x509) ?? x509
    webhook = try fields.decodeIfPresent(KubeletWebhook.self, forKey: .webhook) ?? webhook
    anonymous = try fields.decodeIfPresent(KubeletAnonymous.self, forKey: .anonymous) ?? anonymous
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletX509: Codable, Equatable, Sendable {
  public var clientCAFile: String = ""

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    clientCAFile = try fields.decodeIfPresent(String.self, forKey: .clientCAFile) ?? clientCAFile
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletWebhook: Codable, Equatable, Sendable {
  public var enabled: Bool = true
  public var cacheTTL: KubeDuration = KubeDuration(seconds: 120)

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    enabled = try fields.decodeIfPresent(Bool.self, forKey: .enabled) ?? enabled
    cacheTTL = try fields.decodeIfPresent(KubeDuration.self, forKey: .cacheTTL) ?? cacheTTL
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletAnonymous: Codable, Equatable, Sendable {
  public var enabled: Bool = false

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    enabled = try fields.decodeIfPresent(Bool.self, forKey: .enabled) ?? enabled
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletAuthorization: Codable, Equatable, Sendable {
  public var mode: String = "Webhook"
  public var webhook: KubeletWebhookAuthorization = KubeletWebhookAuthorization()

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    mode = try fields.decodeIfPresent(String.self, forKey: .mode) ?? mode
    webhook = try fields.decodeIfPresent(KubeletWebhookAuthorization.self, forKey: .webhook) ?? webhook
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletWebhookAuthorization: Codable, Equatable, Sendable {
  public var cacheAuthorizedTTL: KubeDuration = KubeDuration(seconds: 300)
  public var cacheUnauthorizedTTL: KubeDuration = KubeDuration(seconds: 30)

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    cacheAuthorizedTTL = try fields.decodeIfPresent(KubeDuration.self, forKey: .cacheAuthorizedTTL) ?? cacheAuthorizedTTL
    cacheUnauthorizedTTL = try fields.decodeIfPresent(KubeDuration.self, forKey: .cacheUnauthorizedTTL) ?? cacheUnauthorizedTTL
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletMemorySwap: Codable, Equatable, Sendable {
  public var swapBehavior: String = ""

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    swapBehavior = try fields.decodeIfPresent(String.self, forKey: .swapBehavior) ?? swapBehavior
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletCrashLoopBackOff: Codable, Equatable, Sendable {
  public var maxContainerRestartPeriod: KubeDuration = KubeDuration(seconds: 300)

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    maxContainerRestartPeriod =
      try fields.decodeIfPresent(KubeDuration.self, forKey: .maxContainerRestartPeriod) ?? maxContainerRestartPeriod
  }
}

/// Part of `KubeletConfiguration`.
public struct KubeletUserNamespaces: Codable, Equatable, Sendable {
  public var idsPerPod: Int = 65536

  public init() {}

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    idsPerPod = try fields.decodeIfPresent(Int.self, forKey: .idsPerPod) ?? idsPerPod
  }
}
