import KubeModel
import Testing

@testable import Kubelet

@Suite("Host name of a pod") struct PodHostnameTests {
  let node = NodeFacts(name: "node1", memoryCapacity: 1, milliCPUCapacity: 1, clusterDomain: "cluster.local")

  private func names(_ change: (inout Pod) -> Void) throws -> PodHostname.Names {
    var pod = Pod.test()
    change(&pod)
    return try PodHostname.names(pod, node: node)
  }

  @Test("is the pod's name, cut where the kernel's limit is, and never ends in a dash or a dot") func name() throws {
    #expect(try names { _ in } == PodHostname.Names(hostname: "web-node1", domain: "", uts: "web-node1"))
    let long = String(repeating: "a", count: 61) + "-.b"
    #expect(try names { $0.metadata.name = long }.hostname == String(repeating: "a", count: 61))
  }

  @Test("is what the spec says, with a domain where it has one") func spec() throws {
    #expect(try names { $0.spec.hostname = "h" }.hostname == "h")
    let both = try names { ($0.spec.hostname, $0.spec.subdomain) = ("h", "sub") }
    #expect(both == PodHostname.Names(hostname: "h", domain: "sub.default.svc.cluster.local", uts: "h"))
    var facts = node
    facts.clusterDomain = ""
    var pod = Pod.test()
    pod.spec.subdomain = "sub"
    #expect(try PodHostname.names(pod, node: facts).domain == "sub.default.svc")
    #expect(try names { ($0.spec.hostname, $0.spec.subdomain, $0.spec.hostnameOverride) = ("h", "s", "o") }.uts == "o")
  }

  @Test("the kernel gets the full name when it is asked for and fits; a pod of the node's network leaves the node's alone")
  func kernel() throws {
    #expect(try names { $0.spec.hostNetwork = true }.uts == "")
    let full = try names { ($0.spec.hostname, $0.spec.subdomain, $0.spec.setHostnameAsFQDN) = ("h", "sub", true) }
    #expect(full.uts == "h.sub.default.svc.cluster.local" && full.hostname == "h")
    #expect(try names { $0.spec.setHostnameAsFQDN = true }.uts == "web-node1")
    let error = #expect(throws: KubeletError.self) {
      try names { ($0.spec.subdomain, $0.spec.setHostnameAsFQDN) = (String(repeating: "s", count: 60), true) }
    }
    #expect(error?.reason == "FailedCreatePodSandBox" && error?.message.contains("is too long (64 characters is the max") == true)
  }
}
