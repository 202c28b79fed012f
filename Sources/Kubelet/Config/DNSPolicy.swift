internal import KubeModel
internal import RuntimeAPI

/// resolv.conf of a pod. Source: kubelet network/dns.
enum DNSPolicy {
  static let maxServers = 3
  static let maxSearches = 32
  static let maxSearchCharacters = 2048

  /// - Returns: the configuration, and a warning for an event (reason, message).
  static func config(_ pod: Pod, node: NodeFacts) -> (config: DNSConfig, warning: (reason: String, message: String)?) {
    let host = parse(node.resolvConf)
    var dns: DNSConfig
    var warning: (reason: String, message: String)?
    switch policy(pod) {
    case .none: dns = DNSConfig()
    case .cluster where !node.clusterDNS.isEmpty:
      let domain = node.clusterDomain
      let searches = domain.isEmpty ? [] : ["\(pod.namespaceName).svc.\(domain)", "svc.\(domain)", domain]
      dns = DNSConfig(servers: node.clusterDNS, searches: unique(searches + host.searches), options: ["ndots:5"])
    case .cluster:
      warning = (
        "MissingClusterDNS",
        "pod: \"\(pod.formatted)\". kubelet does not have ClusterDNS IP configured and cannot create Pod using "
          + "\"\(pod.spec.dnsPolicy ?? "ClusterFirst")\" policy. Falling back to \"Default\" policy."
      )
      dns = host
    case .host: dns = host
    }
    if let extra = pod.spec.dnsConfig {
      dns.servers = unique(dns.servers + (extra.nameservers ?? []))
      dns.searches = unique(dns.searches + (extra.searches ?? []))
      let options = (extra.options ?? []).compactMap { option in
        option.name.map { name in option.value.map { "\(name):\($0)" } ?? name }
      }
      let replaced = Set(options.map(optionName))
      dns.options = dns.options.filter { !replaced.contains(optionName($0)) } + options
    }
    if let limits = limit(&dns) { warning = warning ?? ("DNSConfigForming", limits) }
    return (dns, warning)
  }

  private enum Choice { case cluster, host, none }

  private static func policy(_ pod: Pod) -> Choice {
    switch pod.spec.dnsPolicy ?? "ClusterFirst" {
    case "None": .none
    case "Default": .host
    case "ClusterFirstWithHostNet": .cluster
    default: pod.isHostNetwork ? .host : .cluster
    }
  }

  private static func limit(_ dns: inout DNSConfig) -> String? {
    var message: String?
    if dns.servers.count > maxServers {
      dns.servers = Array(dns.servers.prefix(maxServers))
      message =
        "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
        + dns.servers.joined(separator: " ")
    }
    var searches = Array(dns.searches.prefix(maxSearches))
    while searches.joined(separator: " ").utf8.count > maxSearchCharacters { searches.removeLast() }
    if searches.count < dns.searches.count {
      dns.searches = searches
      message =
        "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "
        + searches.joined(separator: " ")
    }
    return message
  }

  static func parse(_ text: String) -> DNSConfig {
    var dns = DNSConfig()
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let keyword = words.first else { continue }
      switch keyword {
      case "nameserver": dns.servers += words.dropFirst().prefix(1)
      case "search", "domain": dns.searches = words.dropFirst().filter { $0 != "." }
      case "options": dns.options += words.dropFirst()
      default: break
      }
    }
    return dns
  }

  private static func optionName(_ option: String) -> String { String(option.prefix { $0 != ":" }) }

  private static func unique(_ values: [String]) -> [String] {
    var seen: Set<String> = []
    return values.filter { seen.insert($0).inserted }
  }
}
