internal import KubeModel

/// Content of a pod's /etc/hosts. Source: kubelet `managedHostsFileContent`.
enum HostsFile {
  static func content(_ pod: Pod, podIPs: [String], hostname: String, domain: String, node: NodeFacts) -> String {
    var text: String
    if pod.isHostNetwork {
      text = "# Kubernetes-managed hosts file (host network).\n" + node.hostsFile
    } else {
      text = """
        # Kubernetes-managed hosts file.
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        fe00::0\tip6-localnet
        fe00::0\tip6-mcastprefix
        fe00::1\tip6-allnodes
        fe00::2\tip6-allrouters

        """
      for ip in podIPs { text += domain.isEmpty ? "\(ip)\t\(hostname)\n" : "\(ip)\t\(hostname).\(domain)\t\(hostname)\n" }
    }
    let aliases = pod.spec.hostAliases ?? []
    if aliases.isEmpty { return text }
    text += "\n# Entries added by HostAliases.\n"
    for alias in aliases { text += "\(alias.ip)\t\((alias.hostnames ?? []).joined(separator: "\t"))\n" }
    return text
  }
}
