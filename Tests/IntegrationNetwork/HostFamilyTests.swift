import Glibc
import LinuxSystem
import Netlink
import Testing

@testable import PodNetwork

extension KernelTests {
  @Suite("A host with IPv6", .serialized, .enabled(if: Node.hasIPv6))
  struct HostFamilyTests {
    /// A listener on `[::]` that does not take IPv4 clients.
    private func listener(_ port: UInt16) throws -> OwnedDescriptor {
      let any = try #require(IPAddress("::"))
      let socket = try Endpoint.socket(any, stream: true)
      try socket.withRaw { raw in
        var one: CInt = 1
        _ = unsafe setsockopt(raw, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4)
        _ = try systemCall("bind", on: "\(port)") {
          unsafe Endpoint.withName(Endpoint.name(any, port)) { unsafe bind(raw, $0, $1) }
        }
        _ = try systemCall("listen", on: "\(port)") { listen(raw, 8) }
      }
      return socket
    }

    @Test("whose process listens on a port over IPv6 only keeps it, when pods have IPv6, too")
    func listener() throws {
      let node = try Node("tb6", "10.88.0.0/24,fd00:88::/64")
      defer { node.close() }
      let mapping = HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)
      do {
        let socket = try listener(8080)
        let error = #expect(throws: PodNetworkError.self) { try node.network.attach(owner: "a", portMappings: [mapping]) }
        #expect(error?.code == .portTaken)
        _ = socket.withRaw { $0 }
      }
      _ = try node.network.attach(owner: "b", portMappings: [mapping])
    }

    @Test("shares a port number with a process that listens over IPv6, when pods have IPv4 only")
    func shared() throws {
      let node = try Node()
      defer { node.close() }
      let socket = try listener(8080)
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      _ = (socket.withRaw { $0 }, pod)
    }

    @Test("goes on listening to its router when it begins to forward; one that did not, does not")
    func forwarding() throws {
      let outside = try Outside()
      defer { outside.remove() }
      func setting(_ name: String) -> String? { Sysctl.read("ipv6/conf/\(name)") }
      try Sysctl.set("ipv6/conf/all/forwarding", "0")
      try Sysctl.set("ipv6/conf/out0/accept_ra", "1")
      try Sysctl.set("ipv6/conf/out1/accept_ra", "0")
      let node = try Node("tb6", "10.88.0.0/24,fd00:88::/64")
      defer { node.close() }
      #expect(setting("all/forwarding") == "1")
      #expect(setting("out0/accept_ra") == "2")
      #expect(setting("out1/accept_ra") == "0")
      #expect(setting("tb6/accept_ra") == "0")
    }
  }
}
