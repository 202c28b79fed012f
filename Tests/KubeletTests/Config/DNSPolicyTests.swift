import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("resolv.conf of a pod") struct DNSPolicyTests {
  var node = NodeFacts(
    name: "node1", memoryCapacity: 1 << 30, milliCPUCapacity: 1000, clusterDomain: "cluster.local", clusterDNS: ["10.96.0.10"],
    resolvConf:
      "# a comment\nsearch example.org . \nnameserver 192.0.2.53 ; not this\nnameserver 192.0.2.54\noptions timeout:1 rotate\n")

  func pod(_ policy: String?, hostNetwork: Bool = false, _ extra: PodDNSConfig? = nil) -> Pod {
    var pod = Pod.test()
    (pod.spec.dnsPolicy, pod.spec.hostNetwork, pod.spec.dnsConfig) = (policy, hostNetwork, extra)
    return pod
  }

  @Test(
    "follows its policy; a pod of the node's network has the node's, unless it says otherwise",
    arguments: [
      ("ClusterFirst", false, true), (nil, false, true), ("ClusterFirst", true, false), ("ClusterFirstWithHostNet", true, true),
      ("Default", false, false),
    ] as [(String?, Bool, Bool)])
  func policies(policy: String?, hostNetwork: Bool, isCluster: Bool) {
    let (config, warning) = DNSPolicy.config(pod(policy, hostNetwork: hostNetwork), node: node)
    let cluster = DNSConfig(
      servers: ["10.96.0.10"], searches: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"],
      options: ["ndots:5"])
    let host = DNSConfig(servers: ["192.0.2.53", "192.0.2.54"], searches: ["example.org"], options: ["timeout:1", "rotate"])
    #expect(config == (isCluster ? cluster : host) && warning == nil)
  }

  @Test("None is what the pod says alone") func none() {
    let extra = PodDNSConfig(
      nameservers: ["198.51.100.1"], options: [PodDNSConfigOption(name: "ndots", value: "2"), PodDNSConfigOption(name: "edns0")],
      searches: ["a.test"])
    let (config, warning) = DNSPolicy.config(pod("None", extra), node: node)
    #expect(config == DNSConfig(servers: ["198.51.100.1"], searches: ["a.test"], options: ["ndots:2", "edns0"]) && warning == nil)
  }

  @Test("the pod's settings are added; its options replace those of the same name") func added() {
    let extra = PodDNSConfig(
      nameservers: ["10.96.0.10", "198.51.100.1"], options: [PodDNSConfigOption(name: "ndots", value: "1")],
      searches: ["cluster.local", "a.test"])
    let config = DNSPolicy.config(pod("ClusterFirst", extra), node: node).config
    #expect(config.servers == ["10.96.0.10", "198.51.100.1"] && config.options == ["ndots:1"])
    #expect(config.searches.suffix(2) == ["example.org", "a.test"])
  }

  @Test("without a cluster's server the node's are used, and it is told") func missing() {
    var node = node
    node.clusterDNS = []
    let (config, warning) = DNSPolicy.config(pod("ClusterFirst"), node: node)
    #expect(config.servers == ["192.0.2.53", "192.0.2.54"] && warning?.reason == "MissingClusterDNS")
    #expect(DNSPolicy.config(pod("Default"), node: node).warning == nil)
  }

  @Test("more than the resolver takes is left out, and it is told") func limits() {
    let many = PodDNSConfig(nameservers: (1...5).map { "198.51.100.\($0)" })
    let (servers, warning) = DNSPolicy.config(pod("Default", many), node: node)
    #expect(servers.servers == ["192.0.2.53", "192.0.2.54", "198.51.100.1"] && warning?.reason == "DNSConfigForming")
    #expect(warning?.message.hasSuffix("the applied nameserver line is: 192.0.2.53 192.0.2.54 198.51.100.1") == true)
    let searches = DNSPolicy.config(pod("None", PodDNSConfig(searches: (0..<40).map { "d\($0).test" })), node: node)
    #expect(searches.config.searches.count == 32 && searches.warning?.message.hasPrefix("Search Line limits") == true)
    let label = String(repeating: "x", count: 500)
    let long = DNSPolicy.config(pod("None", PodDNSConfig(searches: (0..<5).map { "\(label).d\($0)" })), node: node)
    #expect(long.config.searches.count == 4 && long.config.searches.joined(separator: " ").utf8.count <= 2048)
  }
}
