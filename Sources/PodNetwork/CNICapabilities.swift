import CNI

/// What plugins are told of a pod: CNI_ARGS, and the `runtimeConfig` of each that has the capability. Pure.
/// Source: CNI conventions (CONVENTIONS.md, "Dynamic Plugin specific fields"), containerd's setupPodNetwork.
enum CNICapabilities {
  static func arguments(_ request: AttachRequest) -> [(name: String, value: String)] {
    [
      ("IgnoreUnknown", "1"), ("K8S_POD_NAMESPACE", request.pod.namespace), ("K8S_POD_NAME", request.pod.name),
      ("K8S_POD_INFRA_CONTAINER_ID", request.owner), ("K8S_POD_UID", request.pod.uid),
    ]
  }

  static func runtimeConfig(_ request: AttachRequest, podCIDR: String) throws(PodNetworkError) -> JSON {
    let pod = request.pod
    let ranges = podCIDR.split(separator: ",").map { JSON.array([.object(("subnet", .string($0.filter { $0 != " " })))]) }
    return .object(
      ("portMappings", request.portMappings.isEmpty ? nil : .array(request.portMappings.map(portMapping))),
      ("bandwidth", try bandwidth(pod.annotations)),
      (
        "dns",
        pod.dns.map {
          .object(("servers", .strings($0.servers)), ("searches", .strings($0.searches)), ("options", .strings($0.options)))
        }
      ),
      ("ipRanges", ranges.isEmpty ? nil : .array(ranges)), ("aliases", pod.name.isEmpty ? nil : .strings([pod.name])),
      ("cgroupPath", pod.cgroup.isEmpty ? nil : .string(pod.cgroup)),
      (
        "io.kubernetes.cri.pod-annotations",
        .object(pod.annotations.sorted { $0.key < $1.key }.map { JSON.Field(name: $0.key, value: .string($0.value)) })
      ))
  }

  private static func portMapping(_ mapping: HostPortMapping) -> JSON {
    .object(
      ("hostPort", .number(mapping.hostPort)), ("containerPort", .number(mapping.containerPort)),
      ("protocol", .string("\(mapping.transport)")), ("hostIP", .string(mapping.hostIP)))
  }

  /// What `portMapping` made.
  static func portMappings(_ capabilities: JSON) -> [HostPortMapping] {
    (capabilities["portMappings"]?.array ?? []).compactMap { json in
      guard let host = json["hostPort"]?.int, let container = json["containerPort"]?.int, let name = json["protocol"]?.string,
        let transport = [HostPortMapping.Transport.tcp, .udp, .sctp].first(where: { "\($0)" == name })
      else { return nil }
      return HostPortMapping(
        transport: transport, hostPort: UInt16(clamping: host), containerPort: UInt16(clamping: container),
        hostIP: json["hostIP"]?.string ?? "")
    }
  }

  // MARK: Bandwidth

  static let ingress = "kubernetes.io/ingress-bandwidth"
  static let egress = "kubernetes.io/egress-bandwidth"
  /// As containerd has it: as much at once as the plugin can count.
  private static let burst: UInt64 = 4_294_967_295

  /// Bits for each second.
  private static func bandwidth(_ annotations: [String: String]) throws(PodNetworkError) -> JSON? {
    let (ingress, egress) = (try rate(ingress, annotations), try rate(egress, annotations))
    if ingress == nil, egress == nil { return nil }
    return .object(
      ("ingressRate", ingress.map { .number($0) }), ("ingressBurst", ingress.map { _ in .number(burst) }),
      ("egressRate", egress.map { .number($0) }), ("egressBurst", egress.map { _ in .number(burst) }))
  }

  /// Source: Kubernetes pkg/util/bandwidth: from 1k to 1P.
  private static func rate(_ name: String, _ annotations: [String: String]) throws(PodNetworkError) -> UInt64? {
    guard let text = annotations[name] else { return nil }
    guard let rate = quantity(text) else {
      throw PodNetworkError(.invalidSettings, "annotation \(name) '\(text)' is no quantity of bits a second, like 10M")
    }
    guard (1000...1_000_000_000_000_000).contains(rate) else {
      throw PodNetworkError(.invalidSettings, "annotation \(name) '\(text)' is not between 1k and 1P")
    }
    return UInt64(rate.rounded(.up))
  }

  private static let factors: [String: Double] = [
    "m": 0.001, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Ki": 1024, "Mi": 1_048_576,
    "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624, "Ei": 1_152_921_504_606_846_976,
  ]

  /// A quantity of Kubernetes: decimal digits with a point, and a suffix or an exponent.
  private static func quantity(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let suffix = String(text.dropFirst(digits.count))
    guard let number = Double(String(digits)) else { return nil }
    if let factor = factors[suffix] { return number * factor }
    guard suffix.first == "e" || suffix.first == "E", Int(suffix.dropFirst()) != nil else { return nil }
    return Double(text)
  }
}
