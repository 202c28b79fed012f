import CNI
import Testing

@testable import PodNetwork

@Suite("What CNI plugins are told of a pod") struct CNICapabilitiesTests {
  private func request(_ change: (inout AttachRequest) -> Void = { _ in }) -> AttachRequest {
    var request = AttachRequest(owner: "id")
    (request.pod.namespace, request.pod.name, request.pod.uid) = ("ns", "web", "uid")
    change(&request)
    return request
  }

  @Test("its names are CNI_ARGS")
  func arguments() {
    let text = CNICapabilities.arguments(request()).map { "\($0.name)=\($0.value)" }.joined(separator: ";")
    #expect(text == "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=id;K8S_POD_UID=uid")
  }

  @Test("ports, bandwidth, name servers, addresses, aliases and annotations are its capabilities")
  func capabilities() throws {
    let request = request { request in
      request.portMappings = [HostPortMapping(transport: .udp, hostPort: 8053, containerPort: 53, hostIP: "192.0.2.1")]
      request.pod.annotations = ["kubernetes.io/ingress-bandwidth": "10M", "kubernetes.io/egress-bandwidth": "1.5Gi"]
      request.pod.dns = .init(servers: ["10.0.0.10"], searches: ["a.b"], options: ["ndots:5"])
      request.pod.cgroup = "/kubepods/pod1"
    }
    let json = try CNICapabilities.runtimeConfig(request, podCIDR: "10.1.0.0/24, fd00::/64")
    #expect(json["portMappings"]?.text == #"[{"hostPort":8053,"containerPort":53,"protocol":"udp","hostIP":"192.0.2.1"}]"#)
    #expect(CNICapabilities.portMappings(json) == request.portMappings)
    #expect(
      json["bandwidth"]?.text
        == #"{"ingressRate":10000000,"ingressBurst":4294967295,"egressRate":1610612736,"egressBurst":4294967295}"#)
    #expect(json["dns"]?.text == #"{"servers":["10.0.0.10"],"searches":["a.b"],"options":["ndots:5"]}"#)
    #expect(json["ipRanges"]?.text == #"[[{"subnet":"10.1.0.0/24"}],[{"subnet":"fd00::/64"}]]"#)
    #expect(json["aliases"]?.text == #"["web"]"# && json["cgroupPath"]?.string == "/kubepods/pod1")
    #expect(json["io.kubernetes.cri.pod-annotations"]?["kubernetes.io/ingress-bandwidth"]?.string == "10M")
    let plain = try CNICapabilities.runtimeConfig(self.request(), podCIDR: "")
    #expect(plain["portMappings"] == nil && plain["bandwidth"] == nil && plain["dns"] == nil && plain["ipRanges"] == nil)
  }

  @Test("a bandwidth that is none is refused", arguments: ["", "fast", "1", "999", "2P", "1e", "-1M", "1 M"])
  func badBandwidth(_ text: String) {
    let request = request { $0.pod.annotations = ["kubernetes.io/egress-bandwidth": text] }
    #expect(throws: PodNetworkError.self) { try CNICapabilities.runtimeConfig(request, podCIDR: "") }
  }

  @Test(
    "quantities are read as Kubernetes writes them",
    arguments: [("1k", 1000), ("2e6", 2_000_000), ("1000000m", 1000), ("1Mi", 1_048_576)])
  func quantities(_ text: String, _ bits: Int) throws {
    let request = request { $0.pod.annotations = ["kubernetes.io/egress-bandwidth": text] }
    #expect(try CNICapabilities.runtimeConfig(request, podCIDR: "")["bandwidth"]?["egressRate"]?.int == bits)
  }
}
