internal import KubeModel

/// Host name and domain of a pod. Source: kubelet `GeneratePodHostNameAndDomain`.
enum PodHostname {
  struct Names: Equatable {
    var hostname: String
    var domain: String
    /// What the kernel gets: the full name with `setHostnameAsFQDN`.
    var uts: String
  }

  static func names(_ pod: Pod, node: NodeFacts) throws(KubeletError) -> Names {
    if let override = pod.spec.hostnameOverride { return Names(hostname: override, domain: "", uts: override) }
    var hostname = pod.spec.hostname ?? ""
    if hostname.isEmpty { hostname = truncated(pod.podName) }
    var domain = ""
    if let subdomain = pod.spec.subdomain, !subdomain.isEmpty {
      domain = "\(subdomain).\(pod.namespaceName).svc" + (node.clusterDomain.isEmpty ? "" : ".\(node.clusterDomain)")
    }
    var uts = pod.isHostNetwork ? "" : hostname
    if pod.spec.setHostnameAsFQDN == true, !domain.isEmpty {
      uts = "\(hostname).\(domain)"
      if uts.utf8.count > 64 {
        throw KubeletError(
          .invalidPod, reason: "FailedCreatePodSandBox",
          "failed to construct FQDN from pod hostname and cluster domain, FQDN \(uts) is too long (64 characters is the max, "
            + "\(uts.utf8.count) characters requested)")
      }
    }
    return Names(hostname: hostname, domain: domain, uts: uts)
  }

  private static func truncated(_ name: String) -> String {
    var short = name.prefix(63)
    while let last = short.last, last == "-" || last == "." { short.removeLast() }
    return String(short)
  }
}
