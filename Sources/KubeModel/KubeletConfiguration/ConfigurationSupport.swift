internal import YAML

/// Which fields of the configuration act. Every other one is known, checked for its type, and without effect, so that the file of a real node
/// loads; the agent names those that are set. The table of docs/config.md is made from this one.
public enum ConfigurationSupport {
  public struct Field: Sendable {
    /// From the root, with dots.
    public let path: String
    /// As a person writes it, where the default is not the kubelet's own.
    let ownDefault: String?
    /// For docs/config.md.
    public let meaning: String

    init(_ path: String, default ownDefault: String? = nil, _ meaning: String) {
      self.path = path
      self.ownDefault = ownDefault
      self.meaning = meaning
    }
  }

  public static let acting: [Field] = [
    Field("staticPodPath", default: "/etc/kubernetes/manifests", "manifests: a directory or a file"),
    Field(
      "fileCheckFrequency",
      "how often manifests are read where inotify does not work; elsewhere they are read every five minutes, or this, if it is longer"
    ),
    Field("podCIDR", default: "10.88.0.0/16", "addresses of pods"),
    Field("podLogsDir", "logs"),
    Field(
      "containerLogMaxSize", "bytes from which on the log of a container that runs is rotated ([logs.md](logs.md)); negative: never"
    ),
    Field("containerLogMaxFiles", "files that stay of the log of one run of a container, that which is being written included"),
    Field("containerLogMaxWorkers", "logs that are rotated at a time"),
    Field("containerLogMonitorInterval", "how often logs that are being written are looked at"),
    Field("cgroupRoot", default: "/", "see `--cgroup-root`"),
    Field(
      "healthzPort",
      "`/healthz`: 500 and the reason when the database does not answer within 2 s, or the pod supervisor or the reading of manifests "
        + "has work and has not moved for 2 minutes; 0: off"),
    Field("healthzBindAddress", "where `/healthz` listens"),
    Field("readOnlyPort", "`/pods` and `/healthz` without authentication; 0: off"),
    Field("address", "where the read-only port listens; `0.0.0.0` in the file means `127.0.0.1`, which `--address` can change"),
    Field("maxPods", "one more is refused"),
    Field("podPidsLimit", "`pids.max` of each pod's cgroup; -1: none. Without the cgroup v2 controller `pids` pods are refused"),
    Field(
      "memorySwap.swapBehavior",
      "`NoSwap`: no container has swap; `LimitedSwap`: containers of burstable pods that could use more memory than they ask for have as "
        + "much of the swap as they ask of the memory. Needs the cgroup v2 controller `memory`"),
    Field("resolvConf", "what pods inherit; empty: nothing"),
    Field("streamingConnectionIdleTimeout", "how long nothing may happen on a connection of exec, attach or port-forward"),
    Field("clusterDNS", "name servers of `dnsPolicy: ClusterFirst`"),
    Field("clusterDomain", "search domain of `dnsPolicy: ClusterFirst`"),
    Field("cpuCFSQuota", "cpu limits of containers and pods"),
    Field("cpuCFSQuotaPeriod", "period of these limits"),
    Field(
      "systemReserved",
      "`cpu`, `memory`, `pid` that pods do not get: subtracted at admission and from the limits of the cgroup `kubepods`. Without a `pid` a "
        + "tenth of the kernel's processes, at least 1000, is kept from pods, so that a fork bomb leaves the node usable"),
    Field("kubeReserved", "the same, added to it"),
    Field(
      "evictionHard", default: "memory.available: 100Mi",
      "only `memory.available` acts, and only at admission: nothing is evicted yet"),
    Field("allowedUnsafeSysctls", "sysctls that pods may set beside Kubernetes' safe ones; `net.core.*` allows all that begin so"),
    Field("singleProcessOOMKill", "`true`: the kernel kills one process of a container, not all of it"),
    Field("seccompDefault", "`true`: containers without a profile get `RuntimeDefault`"),
    Field("oomScoreAdj", "of the agent; podshims have -999"),
    Field("crashLoopBackOff.maxContainerRestartPeriod", "longest crash back-off"),
  ]

  /// Fields of a file that this version does nothing with, sorted. Empty for what is no configuration.
  public static func ignored(in bytes: [UInt8]) -> [String] {
    guard case .success(let text) = ManifestText.check(bytes) else { return [] }
    guard let node = YAMLDocuments.compose(text, file: "").0.first?.node, case .mapping(let mapping) = node else { return [] }
    let known = Set(acting.map { String($0.path.prefix { $0 != "." }) }).union(["apiVersion", "kind"])
    return mapping.entries.compactMap { $0.key.scalar?.string }.filter { !known.contains($0) }.sorted()
  }

  /// The default as docs/config.md shows it.
  public static func defaultText(_ field: Field) -> String {
    if let own = field.ownDefault { return "`\(own)`" }
    var value = try? JSONValue(encoding: KubeletConfiguration())
    for part in field.path.split(separator: ".") { value = value?[String(part)] }
    guard let value, ![.null, .string(""), .array([]), .object([:])].contains(value) else { return "none" }
    if case .string(let text) = value { return "`\(text)`" }
    return "`\(value.text)`"
  }

  /// The fields without effect, by name.
  public static var withoutEffect: [String] {
    let known = Set(acting.map { String($0.path.prefix { $0 != "." }) }).union(["apiVersion", "kind"])
    return (KubeletConfiguration.schema["KubeletConfiguration"] ?? [:]).keys.filter { !known.contains($0) }.sorted()
  }
}
